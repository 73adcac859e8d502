"""Reading texts that are no review, before all that waits: somebody looks at an open page."""

import logging
from collections.abc import Sequence

from django.db import Error, transaction
from django.utils import timezone

from sentiment.core.critic.scorer import Prediction
from sentiment.core.critic.second_reading import read_again
from sentiment.models import ModelVersion, ScoreRequest
from sentiment.models.requests import LIFE, WAITS
from sentiment.worker.giving_back import give_back, is_of_the_data
from sentiment.worker.scorers import reason_of, scorer_for, sentences_of
from textflix.leased import LeasedQuerySet

logger = logging.getLogger(__name__)

AT_ONCE = 8


def waiting() -> LeasedQuerySet[ScoreRequest]:
    """Return the texts that nobody has read yet."""
    return ScoreRequest.objects.filter(WAITS)


def read_waiting(version: ModelVersion) -> int:
    """Read some of the texts that wait; returns how many. One that fails is tried again, alone, and then left.

    It never raises for a text: reviews wait behind it. A fault of the database is raised, and held against no text.
    """
    keys = waiting().order_by("asked_at").claim(AT_ONCE)
    claimed = list(ScoreRequest.objects.filter(pk__in=keys)) if keys else []
    if not claimed:
        return 0
    try:
        scorer, texts = scorer_for(version), [request.text for request in claimed]
        _store(version, claimed, read_again(scorer, texts, scorer.predict(texts)))
    except Exception as error:
        if isinstance(error, Error) and not is_of_the_data(error):
            give_back(ScoreRequest, keys, claimed[0].leased_until)
            raise
        logger.warning("%d texts that were to be tried could not be read", len(claimed), exc_info=True)
        ScoreRequest.objects.held(keys, claimed[0].leased_until).update(error=reason_of(error))
        return 0
    return len(claimed)


@transaction.atomic
def _store(version: ModelVersion, claimed: Sequence[ScoreRequest], predictions: Sequence[Prediction]) -> None:
    for request, prediction in zip(claimed, predictions, strict=True):
        ScoreRequest.objects.held([request.pk], request.leased_until).update(
            version=version,
            positive=prediction.positive,
            by=prediction.by,
            unread=prediction.unread or "",
            sentences=sentences_of(prediction),
            mentions=[
                {"start": prediction.sentences[at].start, "aspect": aspect, "positive": positive}
                for at, aspect, positive in prediction.mentions
            ],
            leased_until=None,
            error="",
        )


def forget_old() -> int:
    """Delete what has expired."""
    return ScoreRequest.objects.filter(asked_at__lt=timezone.now() - LIFE).delete()[0]
