"""Who acts as staff: a member of staff, in a session that they opened with a second factor and have not left alone."""

import time
from collections.abc import Callable

from allauth.account.authentication import get_authentication_records
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse

SEEN_AT = "seen_at"
NOTED_EVERY = 60
"""Seconds: a session is not written again for each click."""


def acts_as_staff(request: HttpRequest) -> bool:
    """Return whether this session opens what only staff may see, in the admin and elsewhere."""
    user = request.user
    return user.is_active and user.is_staff and (not settings.STAFF_MFA or has_second_factor(request))


def has_second_factor(request: HttpRequest) -> bool:
    """Return whether a second factor was shown in this very session, one that its member still has.

    That one was set up is not enough: a session that was opened before by the password alone may be a thief's.
    """
    records = get_authentication_records(request, request.user)
    shown = [record.get("id") for record in records if record["method"] == "mfa"]
    return bool(shown) and Authenticator.objects.filter(user=request.user, pk__in=shown).exists()


def note_activity(request: HttpRequest) -> None:
    request.session[SEEN_AT] = time.time()


def _asked_by_the_page(request: HttpRequest) -> bool:
    """Return whether htmx asks, as for verdicts that are awaited: a tab does that with nobody before it."""
    return request.method == "GET" and "HX-Request" in request.headers


def staff_sessions_end_when_idle(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable:
    """Sign a member of staff out who comes back after STAFF_IDLE_HOURS.

    Who has no session is not asked who they are.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        if settings.SESSION_COOKIE_NAME in request.COOKIES and request.user.is_staff:
            idle = time.time() - request.session.get(SEEN_AT, 0)
            if idle > settings.STAFF_IDLE_HOURS * 3600:
                logout(request)
            elif idle > NOTED_EVERY and not _asked_by_the_page(request):
                note_activity(request)
        return get_response(request)

    return middleware
