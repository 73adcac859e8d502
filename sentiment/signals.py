"""Reviews saved or deleted: refresh in the same transaction, a wake-up on commit. Nothing else."""

from typing import Any

from django.db import transaction
from django.db.models.signals import post_delete, post_init, post_save, pre_delete
from django.dispatch import receiver

from sentiment.verdicts.aggregates import refresh
from sentiment.verdicts.intake import receive
from sentiment.verdicts.locks import hold_to_delete
from sentiment.wakeup import wake_on_commit
from textflix.members.models import User
from textflix.reviews.models import Review


@receiver(post_init, sender=Review)
def remember_film(instance: Review, **kwargs: Any) -> None:
    """A review that moves to another film must be taken off the first one's count."""
    instance.film_before = instance.__dict__.get("movie_id")  # type: ignore[attr-defined]


@receiver(post_save, sender=Review)
def review_saved(instance: Review, raw: bool = False, **kwargs: Any) -> None:
    with transaction.atomic():
        receive([instance.pk], also_films={instance.film_before} - {None, instance.movie_id})  # type: ignore[attr-defined]
        wake_on_commit("sentiment.score_pending")


@receiver(post_delete, sender=Review)
def review_deleted(instance: Review, **kwargs: Any) -> None:
    refresh([instance.movie_id])


@receiver(pre_delete, sender=User)
def member_leaves(instance: User, **kwargs: Any) -> None:
    hold_to_delete(Review.objects.filter(author=instance).values_list("pk", flat=True))
