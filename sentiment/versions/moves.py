"""How far films moved when one version took over from another: noted by a worker, read by a page."""

from dataclasses import dataclass

from django.core.cache import cache
from django.db import connection

from sentiment.models import ModelVersion, Promotion, Reading
from textflix.movies import revisions
from textflix.movies.models import Movie

MOVED = 5
"""How many films are told, those that moved most."""
NOTED_SECONDS = 600
CHANGE_KEY, NOTED_KEY = "critic.change", "critic.change.noted"
FEWEST = 3
"""A film with fewer reviews that both versions read is left out: one review more or less moves it far."""


@dataclass(frozen=True, slots=True)
class Move:
    """How far a film's mean score moved from one version to the next, over the texts that both read."""

    movie: Movie
    reviews: int
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class Change:
    """The change from one serving version to the next; its moves are None until reviews have been read again."""

    new: int
    old: int
    moves: list[Move] | None


def change() -> Change | None:
    """Return what moved when the serving version took over, as a worker last noted it; None where it is the first."""
    taken = _taken_over()
    if taken is None:
        return None
    promotion, new, old = taken
    noted: tuple[int, list[tuple[int, int, float, float]]] | None = cache.get(CHANGE_KEY)
    if noted is None or noted[0] != promotion:
        return Change(new, old, None)
    films = Movie.objects.for_cards().in_bulk([row[0] for row in noted[1]]) if noted[1] else {}
    moves = [
        Move(films[movie], n, round(100 * before), round(100 * after))
        for movie, n, before, after in noted[1]
        if movie in films
    ]
    return Change(new, old, moves)


def note_moves() -> None:
    """Note which films moved most, by all scores of the last two versions: too much for a page to compare.

    That is done once everything has been read again after a promotion, and from then on every ten minutes.
    """
    taken = _taken_over()
    if taken is None or cache.get(NOTED_KEY) == taken[0]:
        return
    promotion, new, old = taken
    others = ModelVersion.objects.exclude(pk=new).values_list("pk", flat=True)
    if Reading.objects.filter(version__in=[*others], quarantined_at__isnull=True).exists():
        return
    cache.set(NOTED_KEY, promotion, NOTED_SECONDS)
    noted = (promotion, _moved(new, old))
    if cache.get(CHANGE_KEY) != noted:
        cache.set(CHANGE_KEY, noted, None)
        revisions.moved()


def _taken_over() -> tuple[int, int, int] | None:
    """Return the newest promotion, its version, and the last version before that was another."""
    promoted = list(Promotion.objects.accepted().values_list("pk", "version")[:20])
    before = [version for _, version in promoted if version != promoted[0][1]]
    return (*promoted[0], before[0]) if before else None


def _moved(new: int, old: int) -> list[tuple[int, int, float, float]]:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT review.movie_id, COUNT(*)::int, AVG(before.positive), AVG(after.positive)
            FROM sentiment_score AS after
            JOIN sentiment_score AS before
                 ON before.review_id = after.review_id AND before.digest = after.digest AND before.version_id = %s
            JOIN reviews_review AS review ON review.id = after.review_id AND review.public
            WHERE after.version_id = %s
            GROUP BY review.movie_id HAVING COUNT(*) >= %s
            ORDER BY ABS(AVG(after.positive) - AVG(before.positive)) DESC, review.movie_id LIMIT %s
            """,
            [old, new, FEWEST, MOVED],
        )
        return list(cursor.fetchall())
