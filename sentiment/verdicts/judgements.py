"""What a review's evidence comes down to, derived from the score that counts: what it says of each aspect, and the
sentence that spoke most for each side.

Kept beside the verdict, and by the same hand (verdicts.settle): a film's why is read and never computed for a page.
"""

from collections.abc import Iterable
from typing import Final

from django.db import connection
from django.db.models import Exists, OuterRef

from sentiment.models import AspectMention, Judgement

FAINT: Final = 0.1
"""A sentence whose share is under a tenth of the review's largest decided nothing: it is neither marked nor quoted."""

JUDGED = """
    SELECT DISTINCT ON (reading.review_id, mention.aspect)
           reading.review_id, mention.aspect, mention.start, mention."end", mention.positive
    FROM sentiment_reading AS reading
    JOIN sentiment_aspectmention AS mention ON mention.score_id = reading.score_id
    WHERE {reviews}
    ORDER BY reading.review_id, mention.aspect, abs(mention.positive - 0.5) DESC, mention.start
"""
"""The strongest mention stands for a review's judgement, as in the core (aspects.judgements)."""

HIGHLIGHTED = f"""
    SELECT DISTINCT ON (reading.review_id, sentence.share > 0)
           reading.review_id, sentence.share > 0 AS favourable, sentence.start, sentence."end",
           abs(sentence.share) AS weight
    FROM sentiment_reading AS reading
    JOIN sentiment_score AS score ON score.id = reading.score_id
    CROSS JOIN LATERAL (
        SELECT *, max(abs(share)) OVER () AS largest
        FROM jsonb_to_recordset(score.sentences) AS read (start int, "end" int, share float8)
    ) AS sentence
    WHERE {{reviews}} AND abs(sentence.share) / NULLIF(sentence.largest, 0) >= {FAINT}
      AND sentence."end" - sentence.start BETWEEN 25 AND 280
      AND COALESCE((
              SELECT bool_or((mention.positive > 0.5) = (sentence.share > 0)) FROM sentiment_aspectmention AS mention
              WHERE mention.score_id = score.id AND mention.start = sentence.start), true)
    ORDER BY reading.review_id, sentence.share > 0, abs(sentence.share) DESC, sentence.start
"""  # noqa: S608  only a constant is put in
"""Passed over are sentences that are too short to say anything, or too long to be quoted; those that decided nothing;
and those that moved the verdict one way and judge aspects only the other way."""


def mentions_of(score_ids: Iterable[int]) -> dict[int, list[AspectMention]]:
    """Read what the sentences of each score say of aspects, in one query; `counted` are those that a why counts."""
    counted = Judgement.objects.filter(
        review=OuterRef("score__review"),
        review__public=True,
        aspect=OuterRef("aspect"),
        start=OuterRef("start"),
    )
    found: dict[int, list[AspectMention]] = {pk: [] for pk in score_ids}
    for mention in AspectMention.objects.filter(score__in=list(found)).annotate(counted=Exists(counted)):
        found[mention.score_id].append(mention)
    return found


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
