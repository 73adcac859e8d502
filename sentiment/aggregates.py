"""A film's sentiment, recomputed from its rows. Every write that changes which reviews or verdicts count calls refresh
once, at its end, in its own transaction, for all its films."""

from collections.abc import Iterable

from django.db import connection, transaction

from sentiment.locks import hold_films

# The Wilson score interval (Wilson 1927) at 95 %: bounds that stay honest for a handful of reviews.
_Z = 1.959963984540054


def _wilson(count: str, sign: str) -> str:
    n = "judged::float8"
    share = f"({count} / {n})"
    centre = f"({share} + {_Z**2} / (2 * {n}))"
    spread = f"{_Z} * sqrt({share} * (1 - {share}) / {n} + {_Z**2} / (4 * {n} * {n}))"
    bound = f"({centre} {sign} {spread}) / (1 + {_Z**2} / {n})"
    return f"CASE WHEN judged > 0 THEN LEAST(1, GREATEST(0, {bound})) END"


COUNTS = "reviews, scored, positive, negative, unsure, demo, imported, by_version"
COLUMNS = f"{COUNTS}, share, low, high, negative_low, divided_low"


def computed(films: str) -> str:
    """The SELECT that says what is true now for the movies that this condition picks."""
    return f"""
    SELECT movie_id, {COUNTS},
           positive / NULLIF(judged, 0)::float8 AS share,
           {_wilson("positive", "-")} AS low,
           {_wilson("positive", "+")} AS high,
           {_wilson("negative", "-")} AS negative_low,
           {_wilson("LEAST(positive, negative)", "-")} AS divided_low
    FROM (
        SELECT movie_id,
               SUM(n)::int AS reviews,
               COALESCE(SUM(n) FILTER (WHERE version_id IS NOT NULL), 0)::int AS scored,
               SUM(positive)::int AS positive,
               SUM(negative)::int AS negative,
               SUM(unsure)::int AS unsure,
               SUM(positive + negative + unsure)::int AS judged,
               SUM(demo)::int AS demo,
               SUM(imported)::int AS imported,
               COALESCE(jsonb_object_agg(version_id, n) FILTER (WHERE version_id IS NOT NULL), '{{}}') AS by_version
        FROM (
            SELECT movie.id AS movie_id,
                   CASE WHEN reading.score_id IS NOT NULL THEN reading.version_id END AS version_id,
                   COUNT(review.id) AS n,
                   COUNT(*) FILTER (WHERE reading.verdict = 'positive') AS positive,
                   COUNT(*) FILTER (WHERE reading.verdict = 'negative') AS negative,
                   COUNT(*) FILTER (WHERE reading.verdict = 'unsure') AS unsure,
                   COUNT(*) FILTER (WHERE review.source = 'demo') AS demo,
                   COUNT(*) FILTER (WHERE review.source NOT IN ('demo', 'member')) AS imported
            FROM movies_movie AS movie
            LEFT JOIN reviews_review AS review ON review.movie_id = movie.id AND NOT review.hidden
            LEFT JOIN sentiment_reading AS reading ON reading.review_id = review.id
            WHERE {films}
            GROUP BY 1, 2
        ) AS by_film_and_version
        GROUP BY movie_id
    ) AS counted
    """  # noqa: S608  conditions are written here, values travel as parameters


@transaction.atomic
def refresh(movie_ids: Iterable[int]) -> None:
    """Lock the films' rows in id order, then recompute them in a second statement.

    Under READ COMMITTED a single statement that had to wait would write what it saw before the wait.
    """
    ids = hold_films(movie_ids)
    if not ids:
        return
    updates = ", ".join(f"{name} = EXCLUDED.{name}" for name in COLUMNS.split(", "))
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            INSERT INTO sentiment_moviesentiment (movie_id, {COLUMNS})
            SELECT movie_id, {COLUMNS} FROM ({computed("movie.id = ANY(%s)")}) AS computed
            ON CONFLICT (movie_id) DO UPDATE SET {updates}
            """,  # noqa: S608  only constants above are put in
            [ids],
        )
