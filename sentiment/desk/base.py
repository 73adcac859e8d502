"""What sentiment's pages of the admin share."""

from typing import cast

from django.http import HttpRequest

from textflix.members.models import User


def who(request: HttpRequest) -> User:
    """Return the member who makes a request: the admin lets only members in, which a request's type cannot say."""
    return cast(User, request.user)


class ReadOnly:
    """A page of the admin whose rows can only be looked at: the site alone writes them."""

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False
