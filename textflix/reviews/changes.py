"""Telling others that reviews have changed: at the end of a transaction, once, with all of them.

    with changing() as changes:
        ids = changes.take(Review.objects.filter(author=member))
        Review.objects.filter(pk__in=ids).update(spoiler=True)

Single saves and deletions are noticed by themselves, and within a block are part of it; what `update()` and bulk writes
touch is for their caller to say.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Final

from django.db import transaction
from django.db.models import Model, QuerySet
from django.db.models.signals import post_delete, post_save, pre_delete, pre_save
from django.dispatch import Signal, receiver

from textflix.members.models import User
from textflix.movies.models import Movie
from textflix.reviews.models import Review

reviews_changed: Final = Signal()
"""Sent within the transaction, at its end: `reviews`, the ids of those that were written, hidden or shown again,
`films`, the ids of the films that reviews have left, and `awaited`, whether somebody waits to see it."""
reviews_leaving: Final = Signal()
"""Sent before several reviews are deleted: `reviews`, their ids. Who keeps rows of them locks those in its own order,
before the database takes them along in another."""


@dataclass(frozen=True, slots=True)
class Changes:
    """The reviews that a transaction has changed so far, and the films that reviews have left."""

    reviews: set[int] = field(default_factory=set)
    films: set[int] = field(default_factory=set)

    def take(self, reviews: "QuerySet[Review]") -> list[int]:
        """Lock reviews that will be changed in bulk, in the one order of locks, and count them as changed."""
        ids = list(reviews.order_by("pk").select_for_update(no_key=True).values_list("pk", flat=True))
        self.reviews.update(ids)
        return ids


_under_way: ContextVar[Changes | None] = ContextVar("changes of reviews", default=None)


@contextmanager
def changing(*, awaited: bool = True) -> Iterator[Changes]:
    """Make one transaction of what changes reviews, and send `reviews_changed` once at its end.

    A block within another is part of it, and what that says of `awaited` holds. Where the block raises, nothing has
    changed and nothing is sent.
    """
    outer = _under_way.get()
    if outer is not None:
        with transaction.atomic():
            yield outer
        return
    with transaction.atomic():
        changes = Changes()
        token = _under_way.set(changes)
        try:
            yield changes
        finally:
            _under_way.reset(token)
        if changes.reviews or changes.films:
            reviews_changed.send(sender=Review, reviews=sorted(changes.reviews), films=changes.films, awaited=awaited)


@receiver(pre_save, sender=Review)
def _review_may_move(instance: Review, update_fields: Iterable[str] | None, **kwargs: Any) -> None:
    """Note the film that a review is moved away from: it must be taken off that film's count."""
    if not instance._state.adding and (update_fields is None or {"movie", "movie_id"} & set(update_fields)):
        before = Review.objects.filter(pk=instance.pk).exclude(movie=instance.movie_id)
        vars(instance)["films_left"] = set(before.values_list("movie_id", flat=True))


@receiver(post_save, sender=Review)
def _review_saved(instance: Review, **kwargs: Any) -> None:
    with changing() as changes:
        changes.reviews.add(instance.pk)
        changes.films.update(vars(instance).pop("films_left", ()))


def leaving(reviews: "QuerySet[Review]") -> None:
    """Say that several reviews will be deleted, within the transaction that deletes them."""
    if ids := sorted(reviews.values_list("pk", flat=True)):
        reviews_leaving.send(sender=Review, reviews=ids)


@receiver(pre_delete, sender=Movie)
@receiver(pre_delete, sender=User)
def _reviews_leave_with_it(instance: Movie | User, origin: Model | QuerySet[Any], **kwargs: Any) -> None:
    """Say it once for all that is deleted: one after the other, their reviews would be locked in no order."""
    of_origin = vars(origin)
    if not of_origin.get("reviews_held"):
        of_origin["reviews_held"] = True
        gone = origin if isinstance(origin, QuerySet) else [instance]
        leaving(Review.objects.filter(**{"movie__in" if isinstance(instance, Movie) else "author__in": gone}))


@receiver(pre_delete, sender=Review)
def _review_leaves(instance: Review, origin: Model | QuerySet[Any], **kwargs: Any) -> None:
    """Note that a review is about to be deleted, on what the deletion started from.

    Django names all that it is going to delete before it deletes any.
    """
    vars(origin).setdefault("reviews_going", set()).add(instance.pk)


@receiver(post_delete, sender=Review)
def _review_left(instance: Review, origin: Model | QuerySet[Any], **kwargs: Any) -> None:
    of_origin = vars(origin)
    of_origin.setdefault("films_left", set()).add(instance.movie_id)
    of_origin["reviews_going"].discard(instance.pk)
    if not of_origin["reviews_going"]:
        with changing() as changes:
            changes.films.update(of_origin.pop("films_left"))
