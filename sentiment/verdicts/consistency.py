"""What rebuild_sentiment --check proves: stored equals recomputed, and every reading agrees with its scores."""

from django.db import connection, transaction

from sentiment.models import MovieSentiment
from sentiment.verdicts.aggregates import (
    ASPECT_COLUMNS,
    COLUMNS,
    FIGURE_COLUMNS,
    WORD_COLUMNS,
    computed,
    computed_aspects,
    computed_figures,
    computed_words,
    refresh,
    row_of,
)
from sentiment.verdicts.effective import SETTLED, THRESHOLDS, settle
from sentiment.verdicts.intake import receive
from sentiment.verdicts.judgements import HIGHLIGHTED, JUDGED
from sentiment.verdicts.locks import hold
from textflix.reviews.models import Review

_MISSING_READING = """
    SELECT review.id FROM reviews_review AS review
    LEFT JOIN sentiment_reading AS reading ON reading.review_id = review.id
    WHERE reading.review_id IS NULL
       OR (reading.version_id IS NOT NULL AND reading.digest <> review.digest)
       OR (reading.version_id IS NOT NULL AND NOT EXISTS (
              SELECT 1 FROM sentiment_score AS score
              WHERE score.review_id = review.id AND score.version_id = reading.version_id
                AND score.digest = reading.digest))
    ORDER BY review.id
"""
_UNSETTLED = f"""
    SELECT stored.review_id FROM sentiment_reading AS stored
    JOIN ({SETTLED}) AS settled ON settled.review_id = stored.review_id
    WHERE (stored.score_id, stored.positive, stored.label_id, stored.verdict)
          IS DISTINCT FROM (settled.score_id, settled.positive, settled.label_id, settled.verdict)
    ORDER BY stored.review_id
"""  # noqa: S608  only a constant is put in
_MISJUDGED = f"""
    SELECT DISTINCT COALESCE(judged.review_id, stored.review_id)
    FROM ({JUDGED.format(reviews="true")}) AS judged
    FULL JOIN sentiment_judgement AS stored
         ON stored.review_id = judged.review_id AND stored.aspect = judged.aspect
    WHERE (stored.start, stored."end", stored.positive) IS DISTINCT FROM (judged.start, judged."end", judged.positive)
    UNION
    SELECT COALESCE(now.review_id, stored.review_id)
    FROM ({HIGHLIGHTED.format(reviews="true")}) AS now
    FULL JOIN sentiment_highlight AS stored
         ON stored.review_id = now.review_id AND stored.favourable = now.favourable
    WHERE (stored.start, stored."end", stored.weight) IS DISTINCT FROM (now.start, now."end", now.weight)
    ORDER BY 1
"""  # noqa: S608  only a constant is put in
_FILMS = "movie.id IN (SELECT movie_id FROM reviews_review UNION SELECT movie_id FROM sentiment_moviesentiment)"
_DIFFERENT_FILMS = f"""
    SELECT now.movie_id FROM ({computed(_FILMS)}) AS now
    LEFT JOIN sentiment_moviesentiment AS stored ON stored.movie_id = now.movie_id
    WHERE stored.movie_id IS NULL
       OR {row_of(COLUMNS, "now")} IS DISTINCT FROM {row_of(COLUMNS, "stored")}
    UNION
    SELECT now.movie_id FROM ({computed_words(_FILMS)}) AS now
    JOIN sentiment_moviesentiment AS stored ON stored.movie_id = now.movie_id
    WHERE {row_of(WORD_COLUMNS, "now")} IS DISTINCT FROM {row_of(WORD_COLUMNS, "stored")}
    ORDER BY movie_id
"""  # noqa: S608  only constants are put in
_DIFFERENT_ASPECTS = f"""
    SELECT DISTINCT COALESCE(now.movie_id, stored.movie_id)
    FROM ({computed_aspects("true")}) AS now
    FULL JOIN sentiment_movieaspect AS stored ON stored.movie_id = now.movie_id AND stored.aspect = now.aspect
    WHERE {row_of(ASPECT_COLUMNS, "now")} IS DISTINCT FROM {row_of(ASPECT_COLUMNS, "stored")}
    ORDER BY 1
"""  # noqa: S608  only constants are put in
_DIFFERENT_FIGURES = f"""
    SELECT COALESCE(now.movie_id, stored.movie_id)
    FROM ({computed_figures("true")}) AS now
    FULL JOIN sentiment_moviefigures AS stored ON stored.movie_id = now.movie_id
    WHERE {row_of(FIGURE_COLUMNS, "now")} IS DISTINCT FROM {row_of(FIGURE_COLUMNS, "stored")}
    ORDER BY 1
"""  # noqa: S608  only constants are put in


def _ids(query: str) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(query, THRESHOLDS)
        return [row[0] for row in cursor.fetchall()]


def differences() -> list[str]:
    """Every difference, as a sentence, from one snapshot of the database."""
    within = connection.in_atomic_block
    with transaction.atomic():
        if not within:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        return [
            *(f"review {pk}: its reading does not match its scores" for pk in _ids(_MISSING_READING)),
            *(f"review {pk}: its verdict does not follow from its labels and scores" for pk in _ids(_UNSETTLED)),
            *(f"review {pk}: its judgements and highlights are not what its score says" for pk in _ids(_MISJUDGED)),
            *(f"film {pk}: its sentiment is not what its reviews say" for pk in _ids(_DIFFERENT_FILMS)),
            *(f"film {pk}: its aspects are not what its reviews say of them" for pk in _ids(_DIFFERENT_ASPECTS)),
            *(f"film {pk}: its figures are not what its reviews add up to" for pk in _ids(_DIFFERENT_FIGURES)),
        ]


def rebuild() -> tuple[int, int]:
    """Mend every difference; returns how many reviews and how many films were touched."""
    unread, unsettled = _ids(_MISSING_READING), sorted({*_ids(_UNSETTLED), *_ids(_MISJUDGED)})
    with transaction.atomic():
        hold(sorted({*unread, *unsettled}))
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE sentiment_reading SET version_id = NULL, digest = '' WHERE review_id = ANY(%s)", [unread]
            )
        receive(unread, live=False)
        settle(unsettled)
    films = sorted({*_ids(_DIFFERENT_FILMS), *_ids(_DIFFERENT_ASPECTS), *_ids(_DIFFERENT_FIGURES)})
    refresh(films)
    return len({*unread, *unsettled}), len(films)


def totals() -> tuple[int, int]:
    return Review.objects.count(), MovieSentiment.objects.count()
