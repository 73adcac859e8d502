"""A text with its evidence: escaped, in its paragraphs, the few sentences underlined that are decisive.

Hundreds of sentences are on a film's page: each is escaped once and then only joined, because Django's format_html
escapes every part of every level again.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby, islice
from typing import Any

from django.utils.safestring import SafeString, mark_safe

Sentence = dict[str, Any]
"""A sentence as it is kept with a score (scorers.sentences_of): `start`, `end`, and its `share`, None where it was not
read; a marked one with its `mark`, `sign` and `effect`."""

UNFOLDED, TO_FOLD = 900, 1_500
"""A text of so many characters is folded, after the first sentence that begins beyond the others."""
TOLD = 30
"""So many times a text is told what it says of aspects."""
PARAGRAPHS = 200
"""A text has no more of them: what follows goes on in the last one."""
SIDES = {True: "for", False: "against"}
STRENGTHS = ("faint", "clear", "strong")
CLEAR, STRONG = 0.5, 1.5
"""From so large an effect on the logit a mark is clear, and strong: on one scale for all reviews."""

# Only from where white space begins: from anywhere in it would be quadratic.
_BREAK = re.compile(r"(?<!\s)\s*\n\s*")
_MORE = f'<p class="help">It says more of aspects than can be shown: these are {TOLD} of the things.</p>'


@dataclass(frozen=True, slots=True)
class Said:
    """What a sentence says of one aspect, and the address of what all reviews say of it, if it is of a review."""

    aspect: str
    favourable: bool
    why: str = ""

    @property
    def words(self) -> str:
        return "praises the " if self.favourable else "criticises the "


@dataclass(frozen=True, slots=True)
class Mark:
    """A sentence of a text, as it is marked.

    `strength` is from 0, which is not marked, to 3; `percent` is its exact part of all that was said, which context may
    turn `around`, against what the sentence says. `unread` is a stretch of sentences that the critic was not given.
    """

    place: str
    start: int
    end: int
    positive: bool = False
    strength: int = 0
    percent: int = 0
    around: bool = False
    unread: bool = False
    said: Sequence[Said] = ()

    @property
    def share(self) -> str:
        exactly = f"{self.percent}% of the verdict, {SIDES[self.positive != self.around]} the film"
        return f"{exactly}, though it speaks {SIDES[self.positive]} it" if self.around else exactly

    @property
    def words(self) -> str:
        return f"{self.share}, {STRENGTHS[self.strength - 1]}: "

    @property
    def classes(self) -> str:
        return f"{'g' if self.positive else 'b'} s{self.strength}"


def marked_text(
    text: str,
    sentences: list[Sentence],
    place: str,
    said: Mapping[int, Sequence[Said]] | None = None,
    *,
    fold: bool = False,
    plain: bool = False,
    more: bool = False,
) -> SafeString:
    """Return a text as HTML with marks; `said` is what the sentences that begin at these offsets say of aspects.

    With `plain` sentences have their places and nothing else. `more` is for when not all that they say is in `said`;
    wherever something is left out, that is said below.
    """
    marks = list(marks_of(text, sentences, place, said or {}))
    if plain:
        marks = [Mark(mark.place, mark.start, mark.end) for mark in marks if not mark.unread]
    note = _MORE if more and not plain else ""
    cut = min((sentence["start"] for sentence in sentences if sentence["start"] >= UNFOLDED), default=len(text))
    if not fold or cut >= len(text) or len(text) < TO_FOLD:
        return mark_safe(_in_paragraphs(text, 0, len(text), marks) + note)  # noqa: S308  all below escape what they get
    shown, rest = _in_paragraphs(text, 0, cut, marks), _in_paragraphs(text, cut, len(text), marks)
    return mark_safe(f'{shown}<details class="fold"><summary>Read on</summary>{rest}</details>{note}')  # noqa: S308


def marks_of(text: str, sentences: list[Sentence], place: str, said: Mapping[int, Sequence[Said]]) -> Iterator[Mark]:
    """Yield the marks of sentences in order, without overlap and inside the text, whatever was stored."""
    total = sum(abs(sentence["share"]) for sentence in sentences if sentence.get("share") is not None) or 1.0
    position = 0
    for sentence in _stretches(sentences):
        begin, share = sentence["start"], sentence["share"]
        start = max(begin, position)
        end = start + len(text[start : sentence["end"]].rstrip())
        if start >= end:
            continue
        position, where = end, f"{place}-{begin}"
        if share is None:
            yield Mark(where, start, end, unread=True)
        else:
            favourable = sentence.get("sign", "+" if share > 0 else "-") == "+"
            strength = _strength(sentence["effect"] if favourable else -sentence["effect"]) if "mark" in sentence else 0
            around, percent = bool(share) and (share > 0) != favourable, round(100 * abs(share) / total)
            yield Mark(where, start, end, favourable, strength, percent, around, said=said.get(begin, ()))


def _strength(pull: float) -> int:
    """Return how strong a mark is that pulls so far towards what it says."""
    return 1 + (pull >= CLEAR) + (pull >= STRONG)


def _stretches(sentences: Iterable[Sentence]) -> Iterator[Sentence]:
    """Yield sentences in order, those that were not read together with the unread ones after them."""
    ordered = sorted(sentences, key=lambda sentence: sentence["start"])
    for unread, group in groupby(ordered, lambda sentence: sentence.get("share") is None):
        if unread:
            stretch = list(group)
            yield stretch[0] | {"end": max(sentence["end"] for sentence in stretch), "share": None}
        else:
            yield from group


def _in_paragraphs(text: str, start: int, end: int, marks: list[Mark]) -> str:
    paragraphs = _paragraphs(text, start, end)
    return "".join(f'<p dir="auto">{_paragraph(text, *paragraph, marks)}</p>' for paragraph in paragraphs)


def _paragraphs(text: str, begin: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield each paragraph between these places, as offsets into the text. A blank line parts paragraphs."""
    end = begin + len(text[begin:end].rstrip())
    position = end - len(text[begin:end].lstrip())
    blank = (gap for gap in _BREAK.finditer(text, position, end) if gap[0].count("\n") > 1)
    for gap in islice(blank, PARAGRAPHS - 1):
        yield position, gap.start()
        position = gap.end()
    if position < end:
        yield position, end


def _paragraph(text: str, start: int, end: int, marks: list[Mark]) -> str:
    """Return a paragraph with its marks. A sentence that began in an earlier one goes on without a second sign."""
    pieces: list[str] = []
    position = start
    # Marks are in order and apart: those that end before the paragraph are skipped at once.
    for i in range(bisect_right(marks, start, key=_end_of), len(marks)):
        mark = marks[i]
        if mark.start >= end:
            break
        first, last = max(mark.start, position), min(mark.end, end)
        pieces += _lines(text[position:first]), _marked(mark, _lines(text[first:last]), first > mark.start)
        if last == mark.end:
            pieces += map(_said, mark.said)
        position = last
    return "".join([*pieces, _lines(text[position:end])])


def _lines(text: str) -> str:
    """Return a part of a paragraph as HTML: its lines, and the blank ones of a text that has too many paragraphs."""
    html = escape(text, quote=False)
    return _BREAK.sub(lambda gap: "<br>" * min(gap[0].count("\n"), 2), html) if "\n" in html else html


def _end_of(mark: Mark) -> int:
    return mark.end


def _marked(mark: Mark, html: str, goes_on: bool) -> str:
    place = "" if goes_on else f' id="{escape(mark.place)}"'
    if mark.unread:
        words = "" if goes_on else '<span class="vh" dir="ltr">not read: </span>'
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
    """Return what names the aspect that a sentence judges, a link where it leads somewhere.

    It stands after its sentence, so that who follows a claim about an aspect finds the same claim there.
    """
    tag, address = ("a", f' href="{escape(said.why)}"') if said.why else ("span", "")
    return (
        f' <{tag} class="says {"g" if said.favourable else "b"}" dir="ltr"{address}>'
        f'<span class="vh">{said.words}</span>{escape(said.aspect)}</{tag}>'
    )
