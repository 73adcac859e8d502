"""Proving that stored equals recomputed and every reading agrees with its scores, and mending what does not."""

from django.db import connection, transaction

from sentiment.models import MovieSentiment
from sentiment.verdicts.aggregates import ASPECT_COUNTS, COUNTS, FIGURES, WORDS, refresh
from sentiment.verdicts.effective import VERDICTS, settle
from sentiment.verdicts.intake import receive
from sentiment.verdicts.judgements import HIGHLIGHTS, JUDGEMENTS
from sentiment.verdicts.locks import films_of, hold
from textflix.movies.revisions import moved
from textflix.reviews.models import Review

OF_REVIEWS = {
    VERDICTS: "its verdict does not follow from its labels and scores",
    JUDGEMENTS: "its judgements are not what its score says",
    HIGHLIGHTS: "its highlights are not what its score says",
}
OF_FILMS = {
    COUNTS: "its sentiment is not what its reviews say",
    ASPECT_COUNTS: "its aspects are not what its reviews say of them",
    WORDS: "its claims and quotes are not what its reviews say",
    FIGURES: "its figures are not what its reviews add up to",
}
"""What is said of a row that differs."""

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


def _unread() -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(_MISSING_READING)
        return [row[0] for row in cursor.fetchall()]


def differences() -> list[str]:
    """Return every difference, as a sentence, from one snapshot of the database."""
    within = connection.in_atomic_block
    with transaction.atomic():
        if not within:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        return [
            *(f"review {pk}: its reading does not match its scores" for pk in _unread()),
            *(f"review {pk}: {what}" for derived, what in OF_REVIEWS.items() for pk in derived.differences()),
            *(f"film {pk}: {what}" for derived, what in OF_FILMS.items() for pk in derived.differences()),
        ]


def rebuild() -> tuple[int, int]:
    """Mend every difference; returns how many reviews and how many films were touched."""
    unread = _unread()
    unsettled = sorted({pk for derived in OF_REVIEWS for pk in derived.differences()})
    with transaction.atomic():
        hold(sorted({*unread, *unsettled}))
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE sentiment_reading SET version_id = NULL, digest = '' WHERE review_id = ANY(%s)", [unread]
            )
        receive(unread, live=False)
        settle(unsettled)
        # Their verdicts are shown, also where the films' sums stay what they were.
        moved(films_of(unsettled))
    films = sorted({pk for derived in OF_FILMS for pk in derived.differences()})
    refresh(films)
    return len({*unread, *unsettled}), len(films)


def totals() -> tuple[int, int]:
    """Return how many reviews and how many films there are to be proved."""
    return Review.objects.count(), MovieSentiment.objects.count()
