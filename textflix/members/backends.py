from typing import Any

from allauth.account import auth_backends
from django.http import HttpRequest

from textflix.members.models import User
from textflix.members.names import named


class AuthenticationBackend(auth_backends.AuthenticationBackend):
    """Password against one member, once.

    allauth's own tries an address twice where it is known, and again for each account that gave it, so that the time
    of an answer tells which addresses are known.
    """

    def _authenticate(self, request: HttpRequest | None, **credentials: Any) -> User | None:
        login = credentials.get("username") or credentials.get("email") or ""
        return self._check_password(named(login), credentials["password"])
