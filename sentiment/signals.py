"""Receivers of the signals that reviews change or leave, within their transaction.

Figures are recomputed at once, workers are woken on commit.
"""

from collections.abc import Collection
from typing import Any

from django.dispatch import receiver

from sentiment.verdicts.aggregates import refresh
from sentiment.verdicts.intake import receive
from sentiment.verdicts.locks import hold_to_delete
from sentiment.wakeup import wake_on_commit
from textflix.reviews.changes import reviews_changed, reviews_leaving


@receiver(reviews_changed)
def take_in(reviews: Collection[int], films: Collection[int], awaited: bool, **kwargs: Any) -> None:
    """Let these reviews be read, and refresh their films and those that reviews have left."""
    if not reviews:
        refresh(films)
        return
    receive(reviews, live=awaited, also_films=films)
    wake_on_commit("sentiment.score_pending" if awaited else "sentiment.score_backlog")


@receiver(reviews_leaving)
def lock_in_order(reviews: Collection[int], **kwargs: Any) -> None:
    hold_to_delete(reviews)
