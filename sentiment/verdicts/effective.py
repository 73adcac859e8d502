"""The effective verdict of a review, in one place: a human beats the model.

The newest admin or seed label for the present text decides, else the author's, else the score of the version that last
read it. `cleared` falls through. Imported labels never count. Reading keeps the result, so that lists sort by it.
"""

from collections.abc import Iterable

from django.db import connection

from sentiment.core.labels import NEGATIVE_BELOW, POSITIVE_ABOVE
from sentiment.verdicts.judgements import judge

SETTLED = """
    SELECT reading.review_id,
           score.id AS score_id,
           score.positive,
           COALESCE(official.id, own.id) AS label_id,
           COALESCE(
               official.value,
               own.value,
               CASE WHEN score.positive > %(positive_above)s THEN 'positive'
                    WHEN score.positive < %(negative_below)s THEN 'negative'
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
"""
THRESHOLDS = {"positive_above": POSITIVE_ABOVE, "negative_below": NEGATIVE_BELOW}


def settle(review_ids: Iterable[int]) -> None:
    """Recompute what these reviews' readings say, and their judgements. The caller holds their rows (locks.hold)."""
    ids = list(review_ids)
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            UPDATE sentiment_reading AS stored
            SET score_id = settled.score_id, positive = settled.positive,
                label_id = settled.label_id, verdict = settled.verdict
            FROM ({SETTLED} WHERE reading.review_id = ANY(%(reviews)s)) AS settled
            WHERE settled.review_id = stored.review_id
              AND (stored.score_id, stored.positive, stored.label_id, stored.verdict)
                  IS DISTINCT FROM (settled.score_id, settled.positive, settled.label_id, settled.verdict)
            """,  # noqa: S608  the only part put in is the constant above
            THRESHOLDS | {"reviews": ids},
        )
    judge(ids)
