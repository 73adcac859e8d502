"""What is publicly known of every version: from what, how good, and what changed when it came to serve."""

from dataclasses import dataclass
from itertools import chain
from typing import Any

from django.core.cache import cache
from django.db import connection

from sentiment.models import ModelVersion, Promotion
from textflix.movies.models import Movie
from textflix.reviews.models import Review, Source

MOVED, SHOWN = 5, 5
NOTED_SECONDS = 600
MOVES_KEY, NOTED_KEY = "critic.moves", "critic.moves.noted"
FEWEST = 3
"""A film with fewer reviews that both versions read is left out: one review more or less moves it far."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A version, when it came to serve and why (None: it never did), and whether it serves now."""

    version: ModelVersion
    promotion: Promotion | None
    serves: bool

    @property
    def accuracy(self) -> str:
        """On the held-out rows, in words; empty where it was not measured."""
        found: dict[str, Any] | None = self.version.metrics.get("heldout")
        if not found:
            return ""
        return f"{found['accuracy']:.0%} of {found['n']} ({found['accuracy_low']:.0%}–{found['accuracy_high']:.0%})"


@dataclass(frozen=True, slots=True)
class Dot:
    """A tenth of the scale on the calibration plot: what was said, what was so, of how many; in percent."""

    said: int
    so: int
    n: int

    @property
    def x(self) -> int:
        return 20 + 2 * self.said

    @property
    def y(self) -> int:
        return 220 - 2 * self.so


@dataclass(frozen=True, slots=True)
class Rival:
    """NB-SVM from the same labels, beside the critic: how often each is right, and demo reviews where one alone is."""

    critic: str
    rival: str
    only_critic: list[Review]
    only_rival: list[Review]


@dataclass(frozen=True, slots=True)
class Move:
    """How far a film's mean score moved from one version to the next, over the texts that both read."""

    movie: Movie
    reviews: int
    before: int
    after: int


def entries() -> list[Entry]:
    """All versions, the newest first, in two queries."""
    promotions = list(Promotion.objects.select_related("version"))
    newest = {promotion.version_id: promotion for promotion in reversed(promotions)}
    serving = promotions[0].version_id if promotions else None
    return [Entry(each, newest.get(each.pk), each.pk == serving) for each in ModelVersion.objects.all()]


def dots(version: ModelVersion) -> list[Dot]:
    """The calibration of a version, on its test set where it has one, else on the held-out rows."""
    metrics = version.metrics
    bins = metrics.get("report", {}).get("test", metrics.get("heldout") or {}).get("calibration", [])
    return [Dot(round(100 * each["predicted"]), round(100 * each["positive"]), each["n"]) for each in bins]


def rival(version: ModelVersion) -> Rival | None:
    """What the version's card says of NB-SVM; None where it says nothing."""
    report = version.metrics.get("report")
    if not report or "demo_rows" not in report.get("nb_svm", {}):
        return None
    rows = report["nb_svm"]["demo_rows"]
    wanted = {side: [f"demo/{row}" for row in rows[side][:SHOWN]] for side in rows}
    public = Review.objects.public().filter(source=Source.DEMO).select_related("movie")
    found = {each.external_id: each for each in public.filter(external_id__in=chain.from_iterable(wanted.values()))}
    only_critic, only_rival = (
        [found[row] for row in wanted[side] if row in found] for side in ("only_critic_right", "only_nb_svm_right")
    )
    return Rival(f"{report['test']['accuracy']:.1%}", f"{report['nb_svm']['accuracy']:.1%}", only_critic, only_rival)


def moves() -> list[Move]:
    """The films that moved most when the serving version took over from the one before, as a worker last noted them."""
    rows: list[tuple[int, int, float, float]] = cache.get(MOVES_KEY) or []
    films = Movie.objects.for_cards().in_bulk([row[0] for row in rows]) if rows else {}
    return [
        Move(films[movie], n, round(100 * before), round(100 * after))
        for movie, n, before, after in rows
        if movie in films
    ]


def note_moves() -> None:
    """Compare all scores of the last two versions, at most every ten minutes: too much for a page to do."""
    if cache.get(NOTED_KEY):
        return
    cache.set(NOTED_KEY, True, NOTED_SECONDS)
    promoted = list(dict.fromkeys(Promotion.objects.values_list("version", flat=True)[:20]))
    rows = _moved(*promoted[:2]) if len(promoted) > 1 else []
    cache.set(MOVES_KEY, rows, None)


def _moved(new: int, old: int) -> list[tuple[int, int, float, float]]:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT review.movie_id, COUNT(*)::int, AVG(before.positive), AVG(after.positive)
            FROM sentiment_score AS after
            JOIN sentiment_score AS before
                 ON before.review_id = after.review_id AND before.digest = after.digest AND before.version_id = %s
            JOIN reviews_review AS review ON review.id = after.review_id AND NOT review.hidden
            WHERE after.version_id = %s
            GROUP BY review.movie_id HAVING COUNT(*) >= %s
            ORDER BY ABS(AVG(after.positive) - AVG(before.positive)) DESC, review.movie_id LIMIT %s
            """,
            [old, new, FEWEST, MOVED],
        )
        return list(cursor.fetchall())
