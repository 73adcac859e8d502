"""How a film's sentiment is shown: {% sentiment_bar sentiment %} on its page and {% mini_bar sentiment %} on its card.

Both take None, or nothing at all, for a film that nobody has reviewed.
"""

from dataclasses import dataclass
from typing import Any

from django import template
from django.template.context import Context

from sentiment.models import MovieSentiment
from sentiment.promotion import serving

register = template.Library()

ENOUGH = 5
"""Under so many judged reviews a share says too little to be put in words."""
LOVED, MOST = 0.55, 0.6
GAP = 0.3
PATIENCE = 60
"""After so many questions, two minutes, an open page asks less often: what could not be read stays unread."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of the bar, in percent of its width."""

    kind: str
    x: float
    width: float


@register.inclusion_tag("sentiment/_bar.html", takes_context=True)
def sentiment_bar(context: Context, sentiment: MovieSentiment | None) -> dict[str, Any]:
    """The big bar with its interval. While reviews are still being read it asks for itself again."""
    shown = _shown(sentiment)
    asked = context["request"].GET.get("asked", "") if "request" in context else ""
    times = min(int(asked), PATIENCE) if asked.isdecimal() and len(asked) < 4 else 0
    stale = sentiment.stale(serving()) if sentiment and sentiment.scored else 0
    pause = "2s" if times < PATIENCE else "30s"
    return shown | {"asked": times + 1, "pause": pause, "word": _word(sentiment), "stale": stale}


@register.inclusion_tag("sentiment/_mini_bar.html")
def mini_bar(sentiment: MovieSentiment | None) -> dict[str, Any]:
    return _shown(sentiment)


def _shown(sentiment: MovieSentiment | None) -> dict[str, Any]:
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


def whole_percents(counts: dict[str, int]) -> dict[str, int]:
    """Percentages that sum to 100; all 0 where there is nothing to share.

    The share positive, which stands alone in most places, is rounded as anyone would; the others share the rest.
    """
    total, others = sum(counts.values()), counts["negative"] + counts["unsure"]
    if not total:
        return dict.fromkeys(counts, 0)
    positive = round(100 * counts["positive"] / total)
    negative = round((100 - positive) * counts["negative"] / others) if others else 0
    return {"positive": positive, "unsure": 100 - positive - negative, "negative": negative}


def segments(counts: dict[str, int]) -> list[Segment]:
    """The parts that are there, in order, with a gap in front of all but the first."""
    total = sum(counts.values())
    found: list[Segment] = []
    at = 0.0
    for name, kind in (("positive", "g"), ("unsure", "u"), ("negative", "b")):
        if counts[name]:
            width, gap = 100 * counts[name] / total, GAP if found else 0
            found.append(Segment(kind, round(at + gap, 2), round(width - gap, 2)))
            at += width
    return found


def _word(sentiment: MovieSentiment | None) -> str:
    """The word in front of the counts, by this rule, where the first that holds decides.

    Too few to tell: under five judged. Loved: even the interval's lower end is 55% positive. Liked, Disliked, Hard to
    tell: 60% positive, negative, unsure. Divided: all else.
    """
    if not sentiment or not sentiment.judged:
        return ""
    judged = sentiment.judged
    if judged < ENOUGH:
        return "Too few to tell"
    if sentiment.low is not None and sentiment.low >= LOVED:
        return "Loved"
    words = {"Liked": sentiment.positive, "Disliked": sentiment.negative, "Hard to tell": sentiment.unsure}
    return next((word for word, count in words.items() if count / judged >= MOST), "Divided")
