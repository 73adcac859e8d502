"""Browsers that a member has signed in with before.

Guessing is limited by name, too, or many addresses together could guess on. So that nobody keeps a member out by
guessing without end, a known browser has a count of its own, which others cannot use up.
"""

import secrets
from datetime import timedelta

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse

from textflix.members.models import User
from textflix.members.names import named

SALT = "textflix.members.devices"
KEPT = timedelta(days=180)


def remember(response: HttpResponse, user: User) -> None:
    """Let the browser that gets this answer be known as its member's, until their password changes."""
    response.set_cookie(
        settings.DEVICE_COOKIE_NAME,
        signing.dumps([user.pk, _seal(user), secrets.token_hex(8)], salt=SALT),
        max_age=KEPT,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def known(request: HttpRequest, login: str) -> str:
    """Return what the browser is known by, if it is one of the member's whom the login names; else nothing."""
    cookie = request.COOKIES.get(settings.DEVICE_COOKIE_NAME, "")
    try:
        pk, seal, device = signing.loads(cookie, salt=SALT, max_age=KEPT)
    except signing.BadSignature:
        return ""
    member = named(login)
    return device if member and (member.pk, _seal(member)) == (pk, seal) else ""


def _seal(user: User) -> str:
    return user.get_session_auth_hash()[:16]
