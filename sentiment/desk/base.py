"""What all pages of the admin share."""

from typing import cast

from django.http import HttpRequest

from textflix.members.models import User


def who(request: HttpRequest) -> User:
    """The admin lets only members in, which the type of a request cannot say."""
    return cast(User, request.user)


class ReadOnly:
    """What people may look at and the site alone writes."""

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False
