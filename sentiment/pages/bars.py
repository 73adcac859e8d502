"""How a film's sentiment becomes a bar: its parts, their percentages, and the word in front of them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sentiment.models import ModelVersion, MovieSentiment
from sentiment.pages.polling import pause
from textflix.intervals import LOVED

ENOUGH = 5
"""Under so many judged reviews a share says too little to be put in words."""
MOST = 0.6
GAP = 0.3


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of the bar, in percent of its width."""

    kind: str
    x: float
    width: float


def big_bar(
    sentiment: MovieSentiment | None, serving: ModelVersion | None, since: datetime, fragment: bool = False
) -> dict[str, Any]:
    """Return what the bar on a film's page is drawn from, with its interval and with who judged.

    While reviews are still being read it asks for a `fragment` of itself; `since` says when its page was opened.
    """
    if not sentiment or not sentiment.reviews:
        return {"sentiment": None, "fragment": fragment}
    stale = sentiment.stale(serving) if sentiment.scored else 0
    judged = (sentiment.positive, sentiment.negative, sentiment.unsure, sentiment.labelled, sentiment.authored)
    seen = (sentiment.reviews, sentiment.scored, sentiment.failed, stale, *judged)
    return small_bar(sentiment) | {
        "fragment": fragment,
        "by_critic": sentiment.judged - sentiment.labelled,
        "by_staff": sentiment.labelled - sentiment.authored,
        "stale": stale,
        "word": word_for(sentiment),
        "since": round(since.timestamp()),
        "seen": "-".join(map(str, seen)),
        "pause": pause(since, "2s"),
    }


def small_bar(sentiment: MovieSentiment | None) -> dict[str, Any]:
    """Return what a bar of a film's sentiment is drawn from; `sentiment` is None where nobody has reviewed it."""
    if not sentiment or not sentiment.reviews:
        return {"sentiment": None}
    counts = {"positive": sentiment.positive, "unsure": sentiment.unsure, "negative": sentiment.negative}
    percents = whole_percents(counts)
    return {
        "sentiment": sentiment,
        "enough": sentiment.judged >= ENOUGH,
        "percents": percents,
        "segments": segments(counts),
        "low": round(100 * (sentiment.low or 0)),
        "high": round(100 * (sentiment.high or 0)),
        # Out of all reviews where all are judged; otherwise out of those that are, which is then said.
        "partly": sentiment.unjudged > 0,
    }


def sum_bar(counts: dict[str, int], name: str) -> dict[str, Any]:
    """Return what the bar of several films' reviews together is drawn from.

    It has no interval: they are no sample of anything.
    """
    sides = {side: counts[side] for side in ("positive", "unsure", "negative")}
    return {"counts": sides, "name": name, "percents": whole_percents(sides), "segments": segments(sides)}


def whole_percents(counts: dict[str, int]) -> dict[str, int]:
    """Percentages that sum to 100; all 0 where there is nothing to share. What is there at all is never called 0%.

    The share positive, which stands alone in most places, is rounded as anyone would; the others share the rest.
    """
    total = sum(counts.values())
    if not total:
        return dict.fromkeys(counts, 0)
    left, percents = 100, {}
    sides = [name for name in ("positive", "negative", "unsure") if counts[name]]
    for after, name in enumerate(sides, 1):
        rounded = round(left * counts[name] / total)
        percents[name] = min(max(rounded, 1), left - (len(sides) - after))
        left, total = left - percents[name], total - counts[name]
    return dict.fromkeys(counts, 0) | percents


def segments(counts: dict[str, int]) -> list[Segment]:
    """The parts that are there, in order, with a gap in front of all but the first."""
    total = sum(counts.values())
    found: list[Segment] = []
    at = 0.0
    for name, kind in (("positive", "g"), ("unsure", "u"), ("negative", "b")):
        if counts[name]:
            width = 100 * counts[name] / total
            gap = min(GAP, width / 2) if found else 0
            found.append(Segment(kind, round(at + gap, 4), round(width - gap, 4)))
            at += width
    return found


def word_for(sentiment: MovieSentiment) -> str:
    """The word in front of the counts, by this rule, where the first that holds decides.

    Too few to tell: under five judged. Loved: even the interval's lower end is 55% positive. Liked, Disliked, Hard to
    tell: 60% positive, negative, unsure. Divided: all else.
    """
    judged = sentiment.judged
    if not judged:
        return ""
    if judged < ENOUGH:
        return "Too few to tell"
    if sentiment.low is not None and sentiment.low >= LOVED:
        return "Loved"
    words = {"Liked": sentiment.positive, "Disliked": sentiment.negative, "Hard to tell": sentiment.unsure}
    return next((word for word, count in words.items() if count / judged >= MOST), "Divided")
