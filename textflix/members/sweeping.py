"""Forgetting what has had its time: sessions, counted events, counts of sign-ins, sign-ups nobody confirmed."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import connection
from django.db.models import Exists, Model, OuterRef, QuerySet
from django.utils import timezone

from textflix.members import limits
from textflix.members.models import LimitedEvent, User

# A worker has other things to do, and a statement its bound: what is left over is the next sweep's.
BATCH, MOST_BATCHES = 1_000, 20


def sweep() -> int:
    """Delete what is too old to be of use; returns how many rows."""
    return sum(_delete(rows) for rows in _outdated()) + _delete_counts()


def _outdated() -> Iterator[QuerySet]:
    now = timezone.now()
    yield Session.objects.filter(expire_date__lt=now)
    yield LimitedEvent.objects.filter(at__lt=now - limits.KEPT)
    if settings.ACCOUNT_EMAIL_VERIFICATION == "mandatory":
        yield _never_confirmed(now - timedelta(days=settings.ACCOUNT_EMAIL_CONFIRMATION_EXPIRE_DAYS))


def _never_confirmed(before: datetime) -> QuerySet[User]:
    """Accounts that nobody ever got into, and whose confirmation link has run out: their names are free again."""
    addresses = EmailAddress.objects.filter(user=OuterRef("pk"))
    unused = User.objects.filter(last_login=None, date_joined__lt=before, is_staff=False, is_demo=False)
    return unused.filter(Exists(addresses), ~Exists(addresses.filter(verified=True)))


def _delete_counts() -> int:
    """Empty the cache of what has run out; by itself it forgets only what is asked for again."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM cache WHERE expires < %s", [timezone.now()])
        return cursor.rowcount


def _delete(rows: QuerySet[Model]) -> int:
    deleted = 0
    for _ in range(MOST_BATCHES):
        keys = list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH])
        deleted += rows.filter(pk__in=keys).delete()[0]
        if len(keys) < BATCH:
            break
    return deleted
