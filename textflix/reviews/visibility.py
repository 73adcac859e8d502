"""Which reviews a viewer may see: staff see more than everyone does."""

from django.db.models import Q
from django.http import HttpRequest

from textflix.members.staff import acts_as_staff


def visible_to(request: HttpRequest) -> Q:
    """Return the condition on reviews that whoever asks may see: the public ones; to staff, all.

    Their own review members find by its author, set apart on the film's page, where they are told if it was hidden.
    """
    return Q() if acts_as_staff(request) else Q(public=True)
