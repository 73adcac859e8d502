from django.http import HttpRequest

from textflix.members.models import User


class MemberRequest(HttpRequest):
    """A request behind login_required: somebody is signed in."""

    user: User
