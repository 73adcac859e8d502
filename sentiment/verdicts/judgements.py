"""What a review says of each aspect, and the sentence that spoke most for each side, by the score that counts.

Both are stored beside the verdict and with it (effective.settle): a film's why is read and never computed for a page.
"""

from textflix.derived import Derived

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
    """The SELECT of reviews' highlights: the first mark for each side stands for the review.

    Passed over are sentences that are too short to say anything, or too long to be quoted, and those on neither the
    side of the review's verdict, which people may have decided, nor that of what they say of an aspect. One of a review
    whose verdict is surer weighs more: most errors are not sure, and would look like dissent.
    """
    return f"""
    SELECT DISTINCT ON (reading.review_id, sentence.sign)
           reading.review_id, sentence.sign = '+' AS favourable, sentence.start, sentence."end",
           abs(sentence.effect) * abs(COALESCE(score.positive, 0.5) - 0.5) AS weight
    FROM sentiment_reading AS reading
    JOIN sentiment_score AS score ON score.id = reading.score_id
    CROSS JOIN LATERAL jsonb_to_recordset(score.sentences)
               AS sentence (start int, "end" int, mark int, sign text, effect float8)
    WHERE {readings} AND sentence.mark IS NOT NULL
      AND sentence."end" - sentence.start BETWEEN {SHORTEST} AND {LONGEST}
      AND (reading.verdict = CASE sentence.sign WHEN '+' THEN 'positive' ELSE 'negative' END
           OR EXISTS (SELECT 1 FROM sentiment_aspectmention AS mention
                      WHERE mention.score_id = score.id AND mention.start = sentence.start
                        AND (mention.positive > 0.5) = (sentence.sign = '+')))
    ORDER BY reading.review_id, sentence.sign, sentence.mark
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
