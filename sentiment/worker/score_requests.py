"""Reading texts that are no review, before all that waits: somebody looks at an open page."""

import logging
from datetime import timedelta

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from sentiment.core.critic.scorer import Prediction
from sentiment.models import ModelVersion, ScoreRequest
from sentiment.models.requests import LIFE
from sentiment.worker.scorers import scorer_for

logger = logging.getLogger(__name__)

AT_ONCE = 8
LEASE = timedelta(seconds=20)


def answer(version: ModelVersion) -> int:
    """Read some of the texts that wait; returns how many. One that fails is tried again, alone, and then left.

    It never raises for a text: reviews wait behind it.
    """
    claimed = _claim()
    if not claimed:
        return 0
    try:
        predictions = scorer_for(version).predict([request.text for request in claimed])
    except Exception:
        logger.warning("%d texts that were to be tried could not be read", len(claimed), exc_info=True)
        return 0
    for request, prediction in zip(claimed, predictions, strict=True):
        request.version, request.positive, request.leased_until = version, prediction.positive, None
        request.sentences = _sentences(prediction)
    ScoreRequest.objects.bulk_update(claimed, ["version", "positive", "leased_until", "sentences"])
    return len(claimed)


def _claim() -> list[ScoreRequest]:
    now = timezone.now()
    free = ScoreRequest.objects.filter(
        Q(leased_until__isnull=True) | Q(leased_until__lt=now),
        positive__isnull=True,
        attempts__lt=ScoreRequest.MAX_ATTEMPTS,
    ).order_by("asked_at")
    with transaction.atomic():
        for condition, size in ((Q(attempts=0), AT_ONCE), (Q(attempts__gt=0), 1)):
            if claimed := list(free.filter(condition).select_for_update(skip_locked=True)[:size]):
                ids = [request.pk for request in claimed]
                ScoreRequest.objects.filter(pk__in=ids).update(leased_until=now + LEASE, attempts=F("attempts") + 1)
                return claimed
    return []


def _sentences(prediction: Prediction) -> list[dict[str, float | None]]:
    return [
        {"start": s.start, "end": s.end, "share": round(s.share, 6) if s.read else None} for s in prediction.sentences
    ]


def forget_old() -> int:
    """Delete what has expired."""
    return ScoreRequest.objects.filter(asked_at__lt=timezone.now() - LIFE).delete()[0]
