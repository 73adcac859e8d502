"""How a review's verdict and its evidence are shown: {% verdict review %} and {% evidence review %}."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django import template
from django.core.exceptions import ObjectDoesNotExist
from django.utils.html import conditional_escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from sentiment.models import Reading, Score
from textflix.reviews.models import Review

register = template.Library()

FAINT = 0.1
"""A sentence whose share is under a tenth of the review's largest is left unmarked: it decided nothing."""
STRENGTHS = ("faint", "clear", "strong")
SIGNS = {"positive": "+", "negative": "−", "unsure": "?"}

_BREAK = re.compile(r"\s*\n\s*")


def reading_of(review: Review) -> Reading | None:
    try:
        return review.reading  # type: ignore[attr-defined]
    except ObjectDoesNotExist:
        return None


def score_of(review: Review) -> Score | None:
    """The score of the present text: one of another text says nothing about this one."""
    reading = reading_of(review)
    score = reading.score if reading else None
    return score if score and score.digest == review.digest else None


def percent(positive: float, verdict: str) -> int:
    """How sure the critic is of the side it took, in whole percent. Never 0 or 100, which would claim certainty."""
    rounded = min(99, max(1, round(100 * positive)))
    return 100 - rounded if verdict == "negative" else rounded


@register.inclusion_tag("sentiment/_verdict.html")
def verdict(review: Review) -> dict[str, Any]:
    """The verdict box. It asks for itself again until the review has been read."""
    reading, score = reading_of(review), score_of(review)
    said = reading.verdict if reading else ""
    labelled = bool(reading and reading.label_id)
    failed = reading is not None and reading.state == "failed"
    if not labelled and score is None:
        said = ""
    return {
        "review": review,
        "verdict": said,
        "labelled": labelled,
        "sign": "!" if failed else SIGNS.get(said, "…"),
        "percent": percent(score.positive, said) if score and said else None,
        "version": score.version_id if score else None,
        "failed": failed,
        "pending": score is None and not failed and not labelled,
        "pause": "1s" if reading is None or reading.live else "10s",
    }


@register.simple_tag
def evidence(review: Review) -> SafeString:
    """The review's text in its paragraphs, escaped, each sentence underlined by its share of the verdict."""
    score = score_of(review)
    marks = list(_marks(score.sentences, len(review.text))) if score else []
    paragraphs = ((_lines(review.text, lines, marks),) for lines in _paragraphs(review.text))
    return format_html_join("", '<p dir="auto">{}</p>', paragraphs)


@register.simple_tag
def has_evidence(review: Review) -> bool:
    score = score_of(review)
    return bool(score and any(_marks(score.sentences, len(review.text))))


@dataclass(frozen=True, slots=True)
class Mark:
    start: int
    end: int
    positive: bool
    strength: int
    """1 to 3."""

    @property
    def words(self) -> str:
        return f"{'praise' if self.positive else 'criticism'}, {STRENGTHS[self.strength - 1]}: "


def _marks(sentences: list[dict[str, Any]], length: int) -> Iterator[Mark]:
    """Sentences that weigh, in order, without overlap and inside the text, whatever was stored."""
    read = [s for s in sentences if s.get("share") is not None]
    largest = max((abs(s["share"]) for s in read), default=0.0)
    position = 0
    for sentence in sorted(read, key=lambda s: s["start"]):
        start, end = max(sentence["start"], position), min(sentence["end"], length)
        weight = abs(sentence["share"]) / largest if largest else 0.0
        if start < end and weight >= FAINT:
            yield Mark(start, end, sentence["share"] > 0, 1 + (weight > 1 / 3) + (weight > 2 / 3))
            position = end


def _paragraphs(text: str) -> Iterator[list[tuple[int, int]]]:
    """Each paragraph's lines, as offsets into the text. A blank line parts paragraphs."""
    lines: list[tuple[int, int]] = []
    position = 0
    for gap in _BREAK.finditer(text):
        if gap.start() > position:
            lines.append((position, gap.start()))
        if lines and gap[0].count("\n") > 1:
            yield lines
            lines = []
        position = gap.end()
    if position < len(text):
        lines.append((position, len(text)))
    if lines:
        yield lines


def _lines(text: str, lines: list[tuple[int, int]], marks: list[Mark]) -> SafeString:
    return format_html_join(mark_safe("<br>"), "{}", ((_line(text, *line, marks),) for line in lines))


def _line(text: str, start: int, end: int, marks: list[Mark]) -> SafeString:
    """One line's text with its marks. A sentence that began on an earlier line goes on without a second sign."""
    pieces: list[str] = []
    position = start
    for mark in marks:
        first, last = max(mark.start, position), min(mark.end, end)
        if first >= last:
            continue
        pieces += conditional_escape(text[position:first]), _marked(mark, text[first:last], first > mark.start)
        position = last
    return mark_safe("".join([*pieces, conditional_escape(text[position:end])]))  # noqa: S308  escaped above


def _marked(mark: Mark, text: str, goes_on: bool) -> SafeString:
    sign = "g" if mark.positive else "b"
    if goes_on:
        return format_html('<mark class="{} s{} on">{}</mark>', sign, mark.strength, text)
    # Its own direction, or the hidden words would decide that of the paragraph.
    words = format_html('<span class="vh" dir="ltr">{}</span>', mark.words)
    return format_html('<mark class="{} s{}">{}{}</mark>', sign, mark.strength, words, text)
