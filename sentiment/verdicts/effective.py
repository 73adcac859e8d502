"""The effective verdict of a review, in one place: a human beats the model.

The newest admin or seed label for the present text decides, else the author's, else the score of the version that last
read it. `cleared` falls through. Imported labels never count. Reading keeps the result, so that lists sort by it.
"""

from collections.abc import Iterable

from sentiment.core.labels import NEGATIVE_BELOW, POSITIVE_ABOVE
from sentiment.verdicts.judgements import HIGHLIGHTS, JUDGEMENTS
from textflix.derived import Derived


def _verdicts(readings: str) -> str:
    return f"""
    SELECT reading.review_id,
           score.id AS score_id,
           score.positive,
           COALESCE(score.unread, '') AS unread,
           COALESCE(official.id, own.id) AS label_id,
           COALESCE(
               official.value,
               own.value,
               CASE WHEN score.positive > {POSITIVE_ABOVE} THEN 'positive'
                    WHEN score.positive < {NEGATIVE_BELOW} THEN 'negative'
                    WHEN score.positive IS NOT NULL THEN 'unsure'
                    ELSE '' END
           ) AS verdict
    FROM sentiment_reading AS reading
    JOIN reviews_review AS review ON review.id = reading.review_id
    LEFT JOIN sentiment_score AS score
           ON score.review_id = review.id AND score.version_id = reading.version_id AND score.digest = review.digest
    LEFT JOIN LATERAL (
        SELECT id, value FROM sentiment_label
        WHERE review_id = review.id AND digest = review.digest AND source IN ('admin', 'seed')
        ORDER BY id DESC LIMIT 1
    ) AS official ON official.value <> 'cleared'
    LEFT JOIN LATERAL (
        SELECT id, value FROM sentiment_label
        WHERE review_id = review.id AND digest = review.digest AND source = 'author'
        ORDER BY id DESC LIMIT 1
    ) AS own ON own.value <> 'cleared'
    WHERE {readings}
    """  # noqa: S608  conditions are declared below


VERDICTS = Derived(
    "sentiment_reading",
    ("review_id",),
    ("score_id", "positive", "unread", "label_id", "verdict"),
    _verdicts,
    "reading.review_id",
    stay=True,
)


def settle(review_ids: Iterable[int]) -> None:
    """Recompute what these reviews' readings say, and their judgements. The caller holds their rows (locks.hold)."""
    ids = list(review_ids)
    # In this order: what a review judges is read from the score that its reading names.
    for derived in (VERDICTS, JUDGEMENTS, HIGHLIGHTS):
        derived.refresh(ids)
