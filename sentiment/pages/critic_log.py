"""What is publicly known of every version: from what, how good, and what changed when it came to serve."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain
from typing import Any

from sentiment.models import ModelVersion, Promotion
from textflix.reviews.models import Review, Source

MOST_REVIEWS = 5
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
        """Its accuracy on the held-out rows, in words; empty where it was not measured."""
        found: dict[str, Any] | None = self.version.metrics.get("heldout")
        if not found:
            return ""
        return f"{found['accuracy']:.0%} of {found['n']} ({found['accuracy_low']:.0%}–{found['accuracy_high']:.0%})"

    @property
    def tested(self) -> str:
        """Its accuracy on the larger test set that its card reports; empty where there is none."""
        found: dict[str, Any] | None = self.version.metrics.get("report", {}).get("test")
        return f"{found['accuracy']:.1%} of {found['n']:,}" if found else ""


@dataclass(frozen=True, slots=True)
class Dot:
    """A tenth of the scale on the calibration plot: percent positive as predicted and as labelled, of how many."""

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
    """The demo reviews that only one of two models reads as their label says: how many, and some of them."""

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


def entries() -> list[Entry]:
    """Return all versions, the newest first, in two queries."""
    promotions = list(Promotion.objects.accepted().select_related("version"))
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
        OnlyOne(len(rows[side]), [found[row] for row in rows[side] if row in found][:MOST_REVIEWS])
        for side in ("only_critic_right", "only_nb_svm_right")
    )
    critic, rival = f"{tested['accuracy']:.1%}", f"{simpler['accuracy']:.1%}"
    return Rival(version, f"{tested['n']:,} {kind}", critic, rival, only_critic, only_rival)
