"""What a review says of each aspect, and the sentence that spoke most for each side, by the score that counts.

Both are stored beside the verdict and with it (effective.settle): a film's why is read and never computed for a page.
"""

from typing import Final

from textflix.derived import Derived

FAINT: Final = 0.1
"""A sentence whose share is under a tenth of the review's largest decided nothing: it is neither marked nor quoted."""
SHORTEST, LONGEST = 25, 280
"""A sentence of fewer characters says too little to be quoted; one of more is too long."""


def _judged(readings: str) -> str:
    """The SELECT of reviews' judgements: the strongest mention stands for one, as in the core (aspects.judgements)."""
    return f"""
    SELECT DISTINCT ON (reading.review_id, mention.aspect)
           reading.review_id, mention.aspect, mention.start, mention."end", mention.positive
    FROM sentiment_reading AS reading
    JOIN sentiment_aspectmention AS mention ON mention.score_id = reading.score_id
    WHERE {readings}
    ORDER BY reading.review_id, mention.aspect, abs(mention.positive - 0.5) DESC, mention.start
    """  # noqa: S608  conditions are declared below


def _highlighted(readings: str) -> str:
    """The SELECT of reviews' highlights: the weightiest sentence for each side stands for the review.

    Passed over are sentences that are too short to say anything, or too long to be quoted; those that decided nothing;
    and those that moved the verdict one way and judge aspects only the other way.
    """
    return f"""
    SELECT DISTINCT ON (reading.review_id, sentence.share > 0)
           reading.review_id, sentence.share > 0 AS favourable, sentence.start, sentence."end",
           abs(sentence.share) AS weight
    FROM sentiment_reading AS reading
    JOIN sentiment_score AS score ON score.id = reading.score_id
    CROSS JOIN LATERAL (
        SELECT *, max(abs(share)) OVER () AS largest
        FROM jsonb_to_recordset(score.sentences) AS read (start int, "end" int, share float8)
    ) AS sentence
    WHERE {readings} AND abs(sentence.share) / NULLIF(sentence.largest, 0) >= {FAINT}
      AND sentence."end" - sentence.start BETWEEN {SHORTEST} AND {LONGEST}
      AND COALESCE((
              SELECT bool_or((mention.positive > 0.5) = (sentence.share > 0)) FROM sentiment_aspectmention AS mention
              WHERE mention.score_id = score.id AND mention.start = sentence.start), true)
    ORDER BY reading.review_id, sentence.share > 0, abs(sentence.share) DESC, sentence.start
    """  # noqa: S608  conditions are declared below


JUDGEMENTS = Derived(
    "sentiment_judgement",
    ("review_id", "aspect"),
    ("start", '"end"', "positive"),
    _judged,
    "reading.review_id",
)
HIGHLIGHTS = Derived(
    "sentiment_highlight",
    ("review_id", "favourable"),
    ("start", '"end"', "weight"),
    _highlighted,
    "reading.review_id",
)
