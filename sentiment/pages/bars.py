"""How a film's sentiment becomes a bar: its parts, their percentages, and the word in front of them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.template.defaultfilters import pluralize

from sentiment.models import ModelVersion, MovieSentiment
from sentiment.pages.polling import pause
from sentiment.verdicts.claims import ENOUGH, word_for

UNREAD = "not in English, or with nothing to read"
GAP = 0.3


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of the bar, in percent of its width."""

    kind: str
    x: float
    width: float


@dataclass(frozen=True, slots=True)
class Claim:
    """What a film is most surely praised or faulted for, by how many of those who judge it.

    `side` is the name of the side on which their sentences are.
    """

    called: str
    verb: str
    aspect: str
    by: int
    of: int
    side: str


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
    seen = (sentiment.reviews, sentiment.scored, sentiment.unread, sentiment.failed, stale, *judged)
    bar = small_bar(sentiment)
    likely = f"({bar['percents']['positive']}%, likely {bar['low']}–{bar['high']}%)"
    apart = {
        "still being read": sentiment.pending,
        UNREAD: sentiment.unread,
        "could not be read": sentiment.failed,
        "read by an earlier version": stale,
    }
    return bar | {
        "fragment": fragment,
        "key": " · ".join([f"{_counted(sentiment)} {likely}", *(f"{n:,} {what}" for what, n in apart.items() if n)]),
        "unjudged": _unjudged(sentiment),
        "claims": _claims(sentiment),
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
        return {"sentiment": None, "key": "No reviews yet"}
    counts = {"positive": sentiment.positive, "unsure": sentiment.unsure, "negative": sentiment.negative}
    percents = whole_percents(counts)
    low, high = round(100 * (sentiment.low or 0)), round(100 * (sentiment.high or 0))
    if sentiment.judged:
        share = f"({percents['positive']}%)" if sentiment.judged >= ENOUGH else "· too few to tell"
        key = f"{_counted(sentiment)} {share}"
    else:
        key = f"{_reviews(sentiment.reviews)} · {'still being read' if sentiment.pending else 'not judged'}"
    judged = f"{percents['positive']}% of {sentiment.judged} review{pluralize(sentiment.judged)} positive"
    return {
        "sentiment": sentiment,
        "key": key,
        "percents": percents,
        "segments": segments(counts),
        "low": low,
        "high": high,
        "described": f"{judged}, {_others(percents)}; likely {low} to {high}% positive",
    }


def sum_bar(counts: dict[str, int], name: str) -> dict[str, Any]:
    """Return what the bar of several films' reviews together is drawn from.

    It has no interval: they are no sample of anything.
    """
    sides = {side: counts[side] for side in ("positive", "unsure", "negative")}
    percents = whole_percents(sides)
    return {
        "counts": sides,
        "name": name,
        "percents": percents,
        "segments": segments(sides),
        "described": f"{name}: {percents['positive']}% positive, {_others(percents)}",
    }


def _reviews(count: int) -> str:
    return f"{count:,} review{pluralize(count)}"


def _others(percents: dict[str, int]) -> str:
    return f"{percents['negative']}% negative, {percents['unsure']}% unsure"


def _counted(sentiment: MovieSentiment) -> str:
    """Say how many reviews there are and how many are positive, and of how many judged where not all are."""
    judged = f" of {sentiment.judged:,} judged" if sentiment.unjudged > 0 else ""
    return f"{_reviews(sentiment.reviews)} · {sentiment.positive:,} positive{judged}"


def _unjudged(sentiment: MovieSentiment) -> str:
    """Say why there are no counts while no review is judged."""
    counts = {
        "still being read": sentiment.pending,
        UNREAD: sentiment.unread,
        "which could not be read": sentiment.failed,
    }
    found = [what if n == sentiment.reviews else f"{n:,} of them {what}" for what, n in counts.items() if n]
    return f"{_reviews(sentiment.reviews)}, {', '.join(found)}."


def _claims(sentiment: MovieSentiment) -> list[Claim]:
    """Return the aspect most surely praised and the one most surely faulted, where they may be claimed."""
    claims = [
        Claim("praised", "praise", sentiment.praised, sentiment.praised_by, sentiment.praised_of, "praise"),
        Claim("faulted", "fault", sentiment.faulted, sentiment.faulted_by, sentiment.faulted_of, "criticism"),
    ]
    return [claim for claim in claims if claim.aspect]


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
    """Return the segments of the counts that are not 0, in order, with a gap in front of all but the first."""
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
