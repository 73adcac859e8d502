"""Whom a sign-in is for."""

from typing import Any

from allauth.account.internal.userkit import get_user_by_username
from allauth.account.models import EmailAddress
from django.http import HttpRequest

from textflix.members.models import User


def named(login: str) -> User | None:
    """Return the member whom a login names, by their name or by an address.

    An address is its owner's once it is verified; until then, the oldest account's that gave it. The same is asked of
    the database whether or not anybody has the address.
    """
    if "@" not in login:
        return get_user_by_username(login)
    address = login.lower()
    given = list(EmailAddress.objects.filter(email=address).select_related("user"))
    # Accounts that staff or a command made have no row there until they use it.
    users = [*User.objects.filter(email=address), *(each.user for each in given)]
    owners = [each.user for each in given if each.verified]
    return min(owners or users, key=lambda user: user.pk, default=None)


def typed_name(request: HttpRequest, credentials: dict[str, Any] | None) -> str:
    """Return the name that axes counts wrong passwords by: one, however its letters are cased."""
    return str((credentials or request.POST).get("username") or "").strip().lower()[:255]
