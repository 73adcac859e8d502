"""A text with its evidence: escaped, in its paragraphs, each sentence underlined by its share of the verdict.

Hundreds of sentences are on a film's page: each is escaped once and then only joined, because Django's format_html
escapes every part of every level again.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from django.utils.safestring import SafeString, mark_safe

from sentiment.verdicts.judgements import FAINT

UNFOLDED, TO_FOLD = 900, 1_500
"""A text of so many characters is folded, after the first sentence that begins beyond the others."""
STRENGTHS = ("faint", "clear", "strong")

_BREAK = re.compile(r"\s*\n\s*")


@dataclass(frozen=True, slots=True)
class Said:
    """What a sentence says of one aspect, and the address of what all reviews say of it."""

    aspect: str
    favourable: bool
    why: str

    @property
    def words(self) -> str:
        return "praises the " if self.favourable else "criticises the "


@dataclass(frozen=True, slots=True)
class Mark:
    """A sentence of a text, as it is marked.

    `strength` is from 0, which decided nothing, to 3; `percent` is its part of all that was said. What it did
    to the verdict is one thing, what it says of aspects (`said`) another: their signs may differ. `unread` is for what
    the critic was not given: "" where it was, else what is said of it, once for each stretch.
    """

    place: str
    start: int
    end: int
    positive: bool = False
    strength: int = 0
    percent: int = 0
    unread: str | None = None
    said: Sequence[Said] = ()

    @property
    def share(self) -> str:
        return f"{self.percent}% of the verdict, {'for' if self.positive else 'against'} the film"

    @property
    def words(self) -> str:
        return f"{self.share}, {STRENGTHS[self.strength - 1]}: "

    @property
    def classes(self) -> str:
        return f"{'g' if self.positive else 'b'} s{self.strength}"


def marked_text(
    text: str,
    sentences: list[dict[str, Any]],
    place: str,
    fold: bool = False,
    said: Mapping[int, Sequence[Said]] | None = None,
) -> SafeString:
    """Return a text as HTML with marks; `said` is what the sentences that begin at these offsets say of aspects."""
    marks = list(marks_of(text, sentences, place, said or {}))
    cut = next((mark.start for mark in marks if mark.start >= UNFOLDED), None)
    if not fold or cut is None or len(text) < TO_FOLD:
        return mark_safe(_in_paragraphs(text, 0, len(text), marks))  # noqa: S308  all below escape what they are given
    shown, rest = _in_paragraphs(text, 0, cut, marks), _in_paragraphs(text, cut, len(text), marks)
    return mark_safe(f'{shown}<details class="fold"><summary>Read on</summary>{rest}</details>')  # noqa: S308


def _in_paragraphs(text: str, start: int, end: int, marks: list[Mark]) -> str:
    return "".join(f'<p dir="auto">{_lines(text, lines, marks)}</p>' for lines in _paragraphs(text, start, end))


def marks_of(
    text: str, sentences: list[dict[str, Any]], place: str, said: Mapping[int, Sequence[Said]]
) -> Iterator[Mark]:
    """Yield the marks of sentences in order, without overlap and inside the text, whatever was stored."""
    shares = [abs(sentence["share"]) for sentence in sentences if sentence.get("share") is not None]
    largest, total = max(shares, default=0.0) or 1.0, sum(shares) or 1.0
    position, skipping = 0, False
    for sentence in sorted(sentences, key=lambda s: s["start"]):
        start, end = max(sentence["start"], position), min(sentence["end"], len(text))
        if start >= end:
            continue
        share, where = sentence.get("share"), f"{place}-{sentence['start']}"
        if share is None:
            yield Mark(where, start, end, unread="" if skipping else "not read: ")
        else:
            weight = abs(share) / largest
            strength = (weight >= FAINT) + (weight > 1 / 3) + (weight > 2 / 3)
            of_aspects = said.get(sentence["start"], ())
            yield Mark(where, start, end, share > 0, strength, round(100 * abs(share) / total), said=of_aspects)
        position, skipping = end, share is None


def _paragraphs(text: str, begin: int, end: int) -> Iterator[list[tuple[int, int]]]:
    """Yield each paragraph's lines between these places, as offsets into the text. A blank line parts paragraphs."""
    lines: list[tuple[int, int]] = []
    position = begin
    for gap in _BREAK.finditer(text, begin, end):
        if gap.start() > position:
            lines.append((position, gap.start()))
        if lines and gap[0].count("\n") > 1:
            yield lines
            lines = []
        position = gap.end()
    if position < end:
        lines.append((position, end))
    if lines:
        yield lines


def _lines(text: str, lines: list[tuple[int, int]], marks: list[Mark]) -> str:
    return "<br>".join(_line(text, *line, marks) for line in lines)


def _line(text: str, start: int, end: int, marks: list[Mark]) -> str:
    """Return one line's text with its marks. A sentence that began on an earlier line goes on without a second sign."""
    pieces: list[str] = []
    position = start
    # Marks are in order and apart: those that end before the line are skipped at once.
    for mark in marks[bisect_right(marks, start, key=_end_of) :]:
        if mark.start >= end:
            break
        first, last = max(mark.start, position), min(mark.end, end)
        pieces += escape(text[position:first]), _marked(mark, escape(text[first:last]), first > mark.start)
        if not text[last : mark.end].strip():
            pieces += map(_said, mark.said)
        position = last
    return "".join([*pieces, escape(text[position:end])])


def _end_of(mark: Mark) -> int:
    return mark.end


def _marked(mark: Mark, html: str, goes_on: bool) -> str:
    place = "" if goes_on else f' id="{escape(mark.place)}"'
    if mark.unread is not None:
        words = f'<span class="vh" dir="ltr">{mark.unread}</span>' if mark.unread and not goes_on else ""
        return f'<span{place} class="unread">{words}{html}</span>'
    if not mark.strength:
        return f"<span{place}>{html}</span>"
    if goes_on:
        return f'<mark class="{mark.classes} on">{html}</mark>'
    # The words have their own direction, or, hidden as they are, they would decide that of the paragraph.
    return (
        f'<mark{place} class="{mark.classes}"><a href="#{escape(mark.place)}" data-share="{mark.share}">'
        f'<span class="vh" dir="ltr">{mark.words}</span>{html}</a></mark>'
    )


def _said(said: Said) -> str:
    """Return the link that names the aspect a sentence judges.

    It stands after its sentence, so that who follows a claim about an aspect finds the same claim there.
    """
    return (
        f' <a class="says {"g" if said.favourable else "b"}" dir="ltr" href="{escape(said.why)}">'
        f'<span class="vh">{said.words}</span>{escape(said.aspect)}</a>'
    )
