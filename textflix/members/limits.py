"""How often something may be done. Events are counted, not what came of them: undoing it gives nothing back."""

from datetime import timedelta

from django.db import connection, transaction
from django.http import HttpRequest
from django.utils import timezone

from textflix.members.addresses import client_network
from textflix.members.models import LimitedEvent, User

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
KEPT = timedelta(days=1)
"""Longer than any window."""


def allow_address(request: HttpRequest, kind: str, limit: int, window: timedelta = MINUTE) -> bool:
    """Count an event from the request's address, unless there were as many as the limit within the window."""
    return _allow(kind, client_network(request), limit, window)


def allow_member(member: User, kind: str, limit: int, window: timedelta = HOUR) -> bool:
    """Count an event of this member, unless there were as many as the limit within the window."""
    return _allow(kind, f"member {member.pk}", limit, window)


def _allow(kind: str, who: str, limit: int, window: timedelta) -> bool:
    """Count within the caller's transaction, if there is one: what is undone with it has not happened."""
    now = timezone.now()
    with transaction.atomic():
        # Two at once wait for each other, or both would see room for one.
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"{kind} {who}"])
        if LimitedEvent.objects.filter(kind=kind, who=who, at__gt=now - window).count() >= limit:
            return False
        LimitedEvent.objects.create(kind=kind, who=who, at=now)
    return True
