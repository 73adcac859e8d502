"""One order of locks for everything that writes verdicts: reviews, their readings, then films; each by ascending id.

Two writers that touch the same rows then wait for each other instead of dead-locking.
"""

from collections.abc import Iterable
from typing import Literal

from django.db import connection

from textflix.reviews.models import Review


def hold(review_ids: Iterable[int], strength: Literal["KEY SHARE", "UPDATE"] = "KEY SHARE") -> list[int]:
    """Lock these reviews and their readings until the transaction ends; returns the ids that still exist.

    Writers of scores and labels share the review row (KEY SHARE) and exclude each other on the reading.
    """
    ids = list(review_ids)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT id FROM reviews_review WHERE id = ANY(%s) ORDER BY id FOR {strength}",  # noqa: S608
            [ids],
        )
        present = [row[0] for row in cursor.fetchall()]
        cursor.execute(
            "SELECT review_id FROM sentiment_reading WHERE review_id = ANY(%s) ORDER BY review_id FOR UPDATE", [present]
        )
    return present


def hold_films(movie_ids: Iterable[int]) -> list[int]:
    """Make the films' sentiment rows where missing and lock them until the transaction ends."""
    ids = sorted(set(movie_ids))
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO sentiment_moviesentiment (movie_id) SELECT id FROM movies_movie WHERE id = ANY(%s) ORDER BY id
            ON CONFLICT (movie_id) DO NOTHING
            """,
            [ids],
        )
        cursor.execute(
            "SELECT movie_id FROM sentiment_moviesentiment WHERE movie_id = ANY(%s) ORDER BY movie_id FOR UPDATE", [ids]
        )
    return ids


def hold_to_delete(review_ids: Iterable[int]) -> None:
    """Lock all that the deletion of several reviews will touch, before it touches it one by one in its own order."""
    hold_films(films_of(hold(review_ids, "UPDATE")))


def films_of(review_ids: Iterable[int]) -> set[int]:
    return set(Review.objects.filter(pk__in=review_ids).values_list("movie_id", flat=True))
