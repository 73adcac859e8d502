"""Whom a sign-in is for."""

from allauth.account.internal.userkit import get_user_by_username

from textflix.members.models import User


def named(login: str) -> User | None:
    """Return the member whom a login names, by their name or by an address.

    An address names whoever confirmed it, or an account that staff or a command made with it and nobody used yet. One
    that was only typed at sign-up names nobody, or who signs up with another's address could see whether that other
    sign-in is there. The same is asked of the database whether or not anybody has the address.
    """
    if "@" not in login:
        return get_user_by_username(login)
    address = login.lower()
    owners = list(User.objects.filter(emailaddress__email=address, emailaddress__verified=True))
    made = list(User.objects.filter(email=address, emailaddress=None).order_by("pk")[:1])
    return next(iter(owners + made), None)
