"""Reading texts that are no review, before all that waits: somebody looks at an open page."""

import logging

from django.utils import timezone

from sentiment.models import ModelVersion, ScoreRequest
from sentiment.models.requests import LIFE
from sentiment.worker.scorers import scorer_for, sentences_of

logger = logging.getLogger(__name__)

AT_ONCE = 8


def read_waiting(version: ModelVersion) -> int:
    """Read some of the texts that wait; returns how many. One that fails is tried again, alone, and then left.

    It never raises for a text: reviews wait behind it.
    """
    keys = ScoreRequest.objects.filter(positive__isnull=True).order_by("asked_at").claim(AT_ONCE)
    claimed = list(ScoreRequest.objects.filter(pk__in=keys)) if keys else []
    if not claimed:
        return 0
    try:
        predictions = scorer_for(version).predict([request.text for request in claimed])
    except Exception as error:
        logger.warning("%d texts that were to be tried could not be read", len(claimed), exc_info=True)
        ScoreRequest.objects.filter(pk__in=keys).update(error=f"{type(error).__name__}: {error}"[:2000])
        return 0
    for request, prediction in zip(claimed, predictions, strict=True):
        request.version, request.positive, request.leased_until, request.error = version, prediction.positive, None, ""
        request.sentences = sentences_of(prediction)
    ScoreRequest.objects.bulk_update(claimed, ["version", "positive", "leased_until", "error", "sentences"])
    return len(claimed)


def forget_old() -> int:
    """Delete what has expired."""
    return ScoreRequest.objects.filter(asked_at__lt=timezone.now() - LIFE).delete()[0]
