"""A film's sentiment, recomputed from its rows. Every write that changes which reviews or verdicts count calls refresh
once, at its end, in its own transaction, for all its films."""

from collections.abc import Iterable

from django.db import transaction

from sentiment.core.labels import POSITIVE_ABOVE
from sentiment.verdicts.claims import aspects_of_film, side_of_aspect
from sentiment.verdicts.locks import hold_films
from textflix.derived import Derived
from textflix.intervals import bound_in_sql
from textflix.movies import revisions

MARKS = 5
"""Up to so many judgements a side are shown one by one; where an aspect of the film has more, all are drawn as bars."""
QUOTED = 12
"""How many highlights of each side are kept for a film: those that are shown are picked from them."""
ODDS = POSITIVE_ABOVE / (1 - POSITIVE_ABOVE)
"""A probability at these odds is a verdict."""
TENTHS = 10
COUNTED = (
    "reviews, scored, positive, negative, unsure, unread, failed, labelled, authored, starred, stars, demo, imported, "
    "by_version"
)
_WITH_REVIEWS = "movie.id IN (SELECT movie_id FROM reviews_review UNION SELECT movie_id FROM sentiment_moviesentiment)"


def _counts(films: str) -> str:
    """The SELECT of how many reviews say what of each film, and of the ends of their shares' intervals."""
    return f"""
    SELECT movie_id, {COUNTED},
           positive / NULLIF(judged, 0)::float8 AS share,
           {bound_in_sql("positive", "judged", "lower")} AS low,
           {bound_in_sql("positive", "judged", "upper")} AS high,
           {bound_in_sql("negative", "judged", "lower")} AS negative_low,
           {bound_in_sql("LEAST(positive, negative)", "judged", "lower")} AS divided_low
    FROM (
        SELECT movie_id,
               SUM(n)::int AS reviews,
               COALESCE(SUM(n) FILTER (WHERE version_id IS NOT NULL), 0)::int AS scored,
               SUM(positive)::int AS positive,
               SUM(negative)::int AS negative,
               SUM(unsure)::int AS unsure,
               SUM(positive + negative + unsure)::int AS judged,
               SUM(unread)::int AS unread,
               SUM(failed)::int AS failed,
               SUM(labelled)::int AS labelled,
               SUM(authored)::int AS authored,
               SUM(starred)::int AS starred,
               SUM(half_stars)::float8 / 2 / NULLIF(SUM(starred), 0) AS stars,
               SUM(demo)::int AS demo,
               SUM(imported)::int AS imported,
               COALESCE(jsonb_object_agg(version_id, unlabelled) FILTER (WHERE version_id IS NOT NULL), '{{}}')
                   AS by_version
        FROM (
            SELECT movie.id AS movie_id,
                   CASE WHEN reading.score_id IS NOT NULL THEN reading.version_id END AS version_id,
                   COUNT(review.id) AS n,
                   COUNT(*) FILTER (WHERE reading.verdict = 'positive') AS positive,
                   COUNT(*) FILTER (WHERE reading.verdict = 'negative') AS negative,
                   COUNT(*) FILTER (WHERE reading.verdict = 'unsure') AS unsure,
                   COUNT(*) FILTER (WHERE reading.verdict = '' AND reading.unread <> '') AS unread,
                   COUNT(*) FILTER (WHERE reading.verdict = '' AND reading.quarantined_at IS NOT NULL) AS failed,
                   COUNT(reading.label_id) AS labelled,
                   COUNT(*) FILTER (WHERE label.source = 'author') AS authored,
                   COUNT(*) FILTER (WHERE reading.verdict <> '' AND reading.label_id IS NULL) AS unlabelled,
                   COUNT(review.stars) AS starred,
                   COALESCE(SUM(review.stars), 0) AS half_stars,
                   COUNT(*) FILTER (WHERE review.source = 'demo') AS demo,
                   COUNT(*) FILTER (WHERE review.source NOT IN ('demo', 'member')) AS imported
            FROM movies_movie AS movie
            LEFT JOIN reviews_review AS review ON review.movie_id = movie.id AND review.public
            LEFT JOIN sentiment_reading AS reading ON reading.review_id = review.id
            LEFT JOIN sentiment_label AS label ON label.id = reading.label_id
            WHERE {films}
            GROUP BY 1, 2
        ) AS by_film_and_version
        GROUP BY movie_id
    ) AS counted
    """  # noqa: S608  conditions are written here, values travel as parameters


def _aspects(films: str) -> str:
    """The SELECT of how many reviews of each film praise and fault each aspect, and which of them most decidedly."""

    def strongest(side: str, verdict: str, order: str) -> str:
        # Where another can be read at once, none that is hidden as a spoiler comes first; and what goes against its
        # review's verdict comes last, as in quotes.
        agrees = f"COALESCE(reading.verdict = '{verdict}', false) DESC"
        listed = f"ARRAY_AGG(judgement.id ORDER BY review.spoiler, {agrees}, judgement.positive {order}, judgement.id)"
        return f"COALESCE(({listed} FILTER (WHERE {side}))[1:{MARKS}], '{{}}')"

    praised, faulted = "judgement.positive > 0.5", "judgement.positive <= 0.5"
    return f"""
    SELECT *, {side_of_aspect()} AS side
    FROM (
        SELECT counted.*,
               {bound_in_sql("positive", "judged", "lower")} AS praise_low,
               {bound_in_sql("negative", "judged", "lower")} AS criticism_low
        FROM (
            SELECT review.movie_id, judgement.aspect,
                   COUNT(*)::int AS judged,
                   COUNT(*) FILTER (WHERE {praised})::int AS positive,
                   COUNT(*) FILTER (WHERE {faulted})::int AS negative,
                   {strongest(praised, "positive", "DESC")} AS praise,
                   {strongest(faulted, "negative", "ASC")} AS criticism
            FROM reviews_review AS review
            JOIN sentiment_judgement AS judgement ON judgement.review_id = review.id
            LEFT JOIN sentiment_reading AS reading ON reading.review_id = review.id
            WHERE review.public AND {films}
            GROUP BY review.movie_id, judgement.aspect
        ) AS counted
    ) AS bounded
    """  # noqa: S608  conditions are written here, values travel as parameters


def _words(films: str) -> str:
    """The SELECT of what may be claimed of each film, and of which sentences may be quoted.

    What a review says for its own verdict comes before what another says against its own: errors look like dissent. So
    a critic's verdict against most others of the film must be surer: it has to stand with those as its prior odds
    (Bayes). The film's counts and its aspects must be refreshed before.
    """

    def heaviest(side: str, verdict: str, other: str) -> str:
        own = f"reading.verdict = '{verdict}'"
        odds = (f"(figures.{each} + 1) * {_probability_of(each)}" for each in (verdict, other))
        stands = f" >= {ODDS} * ".join(odds)
        order = f"{own} DESC, highlight.weight DESC, highlight.id"
        chosen = f"{side} AND (NOT {own} OR reading.label_id IS NOT NULL OR {stands})"
        listed = f"(ARRAY_AGG(highlight.id ORDER BY {order}) FILTER (WHERE {chosen}))[1:{QUOTED}]"
        return f"COALESCE({listed}, '{{}}') AS {'praise' if verdict == 'positive' else 'criticism'}"

    def claimed(side: str) -> str:
        return f"""
           COALESCE({side}.aspect, '') AS {side},
           COALESCE({side}.by, 0) AS {side}_by,
           COALESCE({side}.of, 0) AS {side}_of"""

    return f"""
    SELECT movie.id AS movie_id,
           {heaviest("highlight.favourable", "positive", "negative")},
           {heaviest("NOT highlight.favourable", "negative", "positive")},{claimed("praised")},{claimed("faulted")}
    FROM movies_movie AS movie
    {aspects_of_film()}
    LEFT JOIN reviews_review AS review ON review.movie_id = movie.id AND review.public AND NOT review.spoiler
    LEFT JOIN sentiment_highlight AS highlight ON highlight.review_id = review.id
    LEFT JOIN sentiment_reading AS reading ON reading.review_id = review.id
    WHERE {films}
    GROUP BY movie.id, figures.positive, figures.negative,
             praised.aspect, praised.by, praised.of, faulted.aspect, faulted.by, faulted.of
    """  # noqa: S608  conditions are written here, values travel as parameters


def _probability_of(verdict: str) -> str:
    return "reading.positive" if verdict == "positive" else "(1 - reading.positive)"


def _figures(films: str) -> str:
    """The SELECT of what each film's figures are drawn from: its judged reviews by day, by stars and by score."""
    sides = ", ".join(f"COUNT(*) FILTER (WHERE verdict = '{side}')" for side in ("positive", "negative", "unsure"))

    def listed(name: str, by: str, which: str, counts: str) -> str:
        return f"""{name} AS (
            SELECT movie_id, jsonb_agg(counted ORDER BY {by}) AS {name}
            FROM (SELECT movie_id, {by}, jsonb_build_array({by}, {counts}) AS counted
                  FROM counting WHERE {which} GROUP BY movie_id, {by}) AS rows
            GROUP BY movie_id)"""  # noqa: S608

    return f"""
    WITH counting AS MATERIALIZED (
        SELECT review.movie_id, (review.written_at AT TIME ZONE 'UTC')::date AS day, review.stars, reading.verdict,
               LEAST(FLOOR(reading.positive * {TENTHS}), {TENTHS - 1})::int AS tenth
        FROM reviews_review AS review
        JOIN sentiment_reading AS reading ON reading.review_id = review.id
        WHERE review.public AND {films}
    ), {listed("days", "day", "verdict <> '' AND day IS NOT NULL", sides)},
       {listed("stars", "stars", "verdict <> '' AND stars IS NOT NULL", sides)},
       {listed("scores", "tenth", "tenth IS NOT NULL", "COUNT(*)")}
    SELECT movie_id, COALESCE(days, '[]') AS days, COALESCE(stars, '[]') AS stars, COALESCE(scores, '[]') AS scores
    FROM days FULL JOIN stars USING (movie_id) FULL JOIN scores USING (movie_id)
    """  # noqa: S608  conditions are written here, values travel as parameters


COUNTS = Derived(
    "sentiment_moviesentiment",
    ("movie_id",),
    (*COUNTED.split(", "), "share", "low", "high", "negative_low", "divided_low"),
    _counts,
    "movie.id",
    every=_WITH_REVIEWS,
    stay=True,
)
ASPECT_COUNTS = Derived(
    "sentiment_movieaspect",
    ("movie_id", "aspect"),
    ("positive", "negative", "praise", "criticism", "praise_low", "criticism_low", "side"),
    _aspects,
    "review.movie_id",
)
WORDS = Derived(
    "sentiment_moviesentiment",
    ("movie_id",),
    ("praise", "criticism", "praised", "praised_by", "praised_of", "faulted", "faulted_by", "faulted_of"),
    _words,
    "movie.id",
    every=_WITH_REVIEWS,
    stay=True,
)
FIGURES = Derived("sentiment_moviefigures", ("movie_id",), ("days", "stars", "scores"), _figures, "review.movie_id")


@transaction.atomic
def refresh(movie_ids: Iterable[int]) -> None:
    """Lock the films' rows in id order, then recompute them in further statements.

    Under READ COMMITTED a single statement that had to wait would write what it saw before the wait.
    """
    if films := hold_films(movie_ids):
        for derived in (COUNTS, ASPECT_COUNTS, WORDS, FIGURES):
            derived.refresh(films)
        revisions.moved(films)
