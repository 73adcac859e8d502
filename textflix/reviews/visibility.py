"""Which reviews a viewer may see: staff see more than everyone does."""

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q

from textflix.members.models import User


def visible_to(viewer: User | AnonymousUser) -> Q:
    """Return the condition on reviews that this viewer may see: the public ones; to staff, all.

    Their own review members find by its author, set apart on the film's page, where they are told if it was hidden.
    """
    return Q() if viewer.is_staff else Q(public=True)
