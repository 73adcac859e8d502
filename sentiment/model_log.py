"""What is publicly known of every version: from what, how good, and what changed when it came to serve."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain
from typing import Any

from django.core.cache import cache
from django.db import connection

from sentiment.models import ModelVersion, Promotion, Reading
from textflix.movies.models import Movie
from textflix.reviews.models import Review, Source

MOVED, SHOWN = 5, 5
NOTED_SECONDS = 600
CHANGE_KEY, NOTED_KEY = "critic.change", "critic.change.noted"
FEWEST = 3
"""A film with fewer reviews that both versions read is left out: one review more or less moves it far."""
MADE = {
    "shipped": ("came with Textflix, made from", "distilled"),
    "probe": ("quick training on", "logistic regression on frozen features"),
    "finetune": ("thorough training on", "upper layers fine-tuned"),
}
"""How a version was made, in words and in terms."""
PLAINLY = {
    r"(\S+) against the champion's (\S+) on (\d+) held-out texts": (
        r"right on \1 of \3 reviews that it never saw, the version before it on \2"
    ),
    "held-out texts": "reviews that it never saw",
}
"""The promotion rule's own words, which are kept as it said them, and what is shown for them."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A version, when it came to serve and why (None: it never did), and whether it serves now."""

    version: ModelVersion
    promotion: Promotion | None
    serves: bool

    @property
    def made(self) -> str:
        return MADE.get(self.version.method, (f"{self.version.method} on", ""))[0]

    @property
    def technique(self) -> str:
        version = self.version
        base = "the shipped critic" if version.base == "shipped" else version.base
        return f"{MADE.get(version.method, ('', version.method))[1]}, first {version.layers} layers of {base}"

    @property
    def reason(self) -> str:
        """Why it came to serve, in words."""
        reason = self.promotion.reason if self.promotion else ""
        for term, plainly in PLAINLY.items():
            reason = re.sub(term, plainly, reason)
        return reason

    @property
    def accuracy(self) -> str:
        """On the held-out rows, in words; empty where it was not measured."""
        found: dict[str, Any] | None = self.version.metrics.get("heldout")
        if not found:
            return ""
        return f"{found['accuracy']:.0%} of {found['n']} ({found['accuracy_low']:.0%}–{found['accuracy_high']:.0%})"

    @property
    def tested(self) -> str:
        """On the larger test set that its card reports; empty where there is none."""
        found: dict[str, Any] | None = self.version.metrics.get("report", {}).get("test")
        return f"{found['accuracy']:.1%} of {found['n']:,}" if found else ""


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
class OnlyOne:
    """How many demo reviews only one of two models reads as their label says, and some of them."""

    count: int
    reviews: list[Review]


@dataclass(frozen=True, slots=True)
class Rival:
    """NB-SVM from the same labels, beside a version: how often each is right of how many, and where only one is."""

    version: ModelVersion
    of: str
    critic: str
    rival: str
    only_critic: OnlyOne
    only_rival: OnlyOne


@dataclass(frozen=True, slots=True)
class Move:
    """How far a film's mean score moved from one version to the next, over the texts that both read."""

    movie: Movie
    reviews: int
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class Change:
    """One version took over from another; what that moved is None until reviews have been read again."""

    new: int
    old: int
    moves: list[Move] | None


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


def rival(versions: Iterable[ModelVersion]) -> Rival | None:
    """The simpler model beside the first of these versions that was compared with it; None where none was."""
    for version in versions:
        # A training compares on the held-out rows; the shipped critic's card reports a larger test set.
        own, report = version.metrics, version.metrics.get("report", {})
        for compared, tested, kind in (
            (own, own.get("heldout"), "demo reviews"),
            (report, report.get("test"), "reviews"),
        ):
            if "demo_rows" in compared.get("nb_svm", {}):
                return _rival(version, compared["nb_svm"], tested, kind)
    return None


def _rival(version: ModelVersion, simpler: dict[str, Any], tested: dict[str, Any], kind: str) -> Rival:
    rows = {side: [f"demo/{row}" for row in numbers] for side, numbers in simpler["demo_rows"].items()}
    public = Review.objects.public().filter(source=Source.DEMO).select_related("movie")
    found = {each.external_id: each for each in public.filter(external_id__in=[*chain(*rows.values())])}
    only_critic, only_rival = (
        OnlyOne(len(rows[side]), [found[row] for row in rows[side] if row in found][:SHOWN])
        for side in ("only_critic_right", "only_nb_svm_right")
    )
    critic, rival = f"{tested['accuracy']:.1%}", f"{simpler['accuracy']:.1%}"
    return Rival(version, f"{tested['n']:,} {kind}", critic, rival, only_critic, only_rival)


def change() -> Change | None:
    """What moved when the serving version took over, as a worker last noted it; None where it is the first."""
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
    """Compare all scores of the last two versions, which is too much for a page to do.

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
    cache.set(CHANGE_KEY, (promotion, _moved(new, old)), None)


def _taken_over() -> tuple[int, int, int] | None:
    """The newest promotion, its version, and the last version before that was another."""
    promoted = list(Promotion.objects.values_list("pk", "version")[:20])
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
            JOIN reviews_review AS review ON review.id = after.review_id AND NOT review.hidden
            WHERE after.version_id = %s
            GROUP BY review.movie_id HAVING COUNT(*) >= %s
            ORDER BY ABS(AVG(after.positive) - AVG(before.positive)) DESC, review.movie_id LIMIT %s
            """,
            [old, new, FEWEST, MOVED],
        )
        return list(cursor.fetchall())
