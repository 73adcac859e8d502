"""What a review's evidence comes down to, derived from the score that counts: what it says of each aspect, and the
sentence that spoke most for each side.

Kept beside the verdict, and by the same hand (verdicts.settle): a film's why is read and never computed for a page.
"""

from collections.abc import Iterable

from django.db import connection

JUDGED = """
    SELECT DISTINCT ON (reading.review_id, mention.aspect)
           reading.review_id, mention.aspect, mention.start, mention."end", mention.positive
    FROM sentiment_reading AS reading
    JOIN sentiment_aspectmention AS mention ON mention.score_id = reading.score_id
    WHERE {reviews}
    ORDER BY reading.review_id, mention.aspect, abs(mention.positive - 0.5) DESC, mention.start
"""
"""The strongest mention stands for a review's judgement, as in the core (aspects.judgements)."""

HIGHLIGHTED = """
    SELECT DISTINCT ON (reading.review_id, sentence.share > 0)
           reading.review_id, sentence.share > 0 AS favourable, sentence.start, sentence."end",
           abs(sentence.share) AS weight
    FROM sentiment_reading AS reading
    JOIN sentiment_score AS score ON score.id = reading.score_id
    CROSS JOIN LATERAL jsonb_to_recordset(score.sentences) AS sentence (start int, "end" int, share float8)
    WHERE {reviews} AND sentence.share <> 0 AND sentence."end" - sentence.start BETWEEN 25 AND 280
    ORDER BY reading.review_id, sentence.share > 0, abs(sentence.share) DESC, sentence.start
"""
"""Sentences that are too short to say anything, or too long to be quoted, are passed over."""


def judge(review_ids: Iterable[int]) -> None:
    """Recompute the judgements and highlights of these reviews. The caller holds their rows (locks.hold)."""
    ids = list(review_ids)
    _store("sentiment_judgement", JUDGED, ("review_id", "aspect"), ("start", '"end"', "positive"), ids)
    _store("sentiment_highlight", HIGHLIGHTED, ("review_id", "favourable"), ("start", '"end"', "weight"), ids)


def _store(table: str, derived: str, key: tuple[str, ...], values: tuple[str, ...], review_ids: list[int]) -> None:
    """Make a table hold what is derived for these reviews: other rows go, those that agree already stay untouched."""

    def of(row: str, columns: tuple[str, ...]) -> str:
        return ", ".join(f"{row}.{column}" for column in columns)

    same = " AND ".join(f"now.{column} = stored.{column}" for column in key)
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            WITH now AS ({derived.format(reviews="reading.review_id = ANY(%(reviews)s)")}), gone AS (
                DELETE FROM {table} AS stored
                WHERE review_id = ANY(%(reviews)s) AND NOT EXISTS (SELECT 1 FROM now WHERE {same})
            )
            INSERT INTO {table} AS stored ({", ".join(key + values)})
            SELECT {of("now", key + values)} FROM now
            ON CONFLICT ({", ".join(key)}) DO UPDATE
            SET {", ".join(f"{column} = EXCLUDED.{column}" for column in values)}
            WHERE ({of("stored", values)}) IS DISTINCT FROM ({of("EXCLUDED", values)})
            """,  # noqa: S608  only constants above are put in
            {"reviews": review_ids},
        )
