"""Cleans texts for the critic and finds their sentences, always with offsets into the author's text."""

import html
import re
import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final

import sentencex

from sentiment.core.emojis import EMOJI, in_words, may_have_emoji

REPEATED: Final = 64
"""So many times in a row the same is read: white space, a character, a word. No honest text needs more of it."""
IN_WORDS: Final = 200
"""So many emoji of a text are put into words, which takes four times their bytes; the rest is left as it is."""
LONGEST_ABBREVIATION: Final = 10
UNSEEN_LETTERS: Final = (0x115F, 0x1160, 0x3164, 0xFFA0)
"""What Unicode calls letters, and nobody sees: they fill gaps in Hangul."""
AT_ONCE: Final = 2_000
"""So many characters of a paragraph are searched for sentences at once: for quotes that nothing closes, sentencex takes
twenty times as long where they are two and a half times as many."""

# What stands for something of another length. Line-break tags count as the line breaks they are.
_MARKUP = re.compile(
    r"\r\n? | \u2029 | <br\s*/?> | &(?: \#\d{1,7} | \#x[0-9a-f]{1,6} | [a-z][a-z0-9]{1,31} );",
    re.IGNORECASE | re.VERBOSE,
)
_PARAGRAPH_BREAK = re.compile(r"\n\s*\n")
# White space, or, as the last group, what is left out of a run of one character or of one word.
_RUN = re.compile(
    rf"""\s{{{REPEATED + 1},}}
    | (\S)\1{{{REPEATED - 1}}}(\1+)
    | (?<!\S)(\S++)(?:\s{{1,{REPEATED}}}+\3(?!\S)){{{REPEATED - 1}}}((?:\s{{1,{REPEATED}}}+\3(?!\S))+)""",
    re.VERBOSE,
)


_ABBREVIATED = re.compile(r"\b(?:vols?|eps?|pts?|ch|approx|fig)\.\s?$", re.IGNORECASE)
_NUMBER = re.compile(r"(?:\d|[IVX]+\b)")


def _one_for_one() -> dict[int, str]:
    """Characters the tokenizer would drop, refuse or join words by, each with a stand-in of one character."""
    # Review corpora hold Windows-1252 punctuation decoded as C1 controls; HTML reads those as Windows-1252 too.
    table = {c: bytes([c]).decode("cp1252", "replace") for c in range(0x80, 0xA0)}
    spaces = [*(c for c in range(0x3001) if chr(c).isspace() and c not in table), *UNSEEN_LETTERS]
    table |= {c: "\n" if unicodedata.category(chr(c)) == "Zl" or c in (0x0A, 0x0B, 0x0C) else " " for c in spaces}
    # Lone surrogates have no UTF-8, so neither Rust library would take them.
    return table | dict.fromkeys(range(0xD800, 0xE000), "\ufffd")


_ONE_FOR_ONE = _one_for_one()


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A text as the critic reads it. Character i of `text` came from the author's characters starts[i] to end(i).

    `length` is that of the author's text.
    """

    text: str
    starts: Sequence[int]
    length: int

    def end(self, i: int) -> int:
        """Return where the author's characters that became character i end: where those of another one start."""
        following = bisect_right(self.starts, self.starts[i])
        return self.starts[following] if following < len(self.starts) else self.length


def clean(text: str) -> Cleaned:
    """Undo HTML line breaks, HTML entities, odd line ends and mis-decoded punctuation, keeping the way back.

    Of what is repeated without end, only the beginning is kept. Emoji are put into words.
    """
    plain = _replaced(_untouched(text), _MARKUP, _stand_in)
    bounded = _replaced(replace(plain, text=plain.text.translate(_ONE_FOR_ONE)), _RUN, _for_a_run)
    return _replaced(bounded, EMOJI, in_words, IN_WORDS) if may_have_emoji(bounded.text) else bounded


def without_runs(text: str) -> Cleaned:
    """Return a text as it was written, but for the rest of each run of white space, of a character or of a word.

    A text without such runs is returned itself.
    """
    return _replaced(_untouched(text), _RUN, _for_a_run)


def _untouched(text: str) -> Cleaned:
    return Cleaned(text, range(len(text)), len(text))


def _replaced(
    cleaned: Cleaned, pattern: re.Pattern[str], stand_in: Callable[[re.Match[str]], str], most: int | None = None
) -> Cleaned:
    """Put what stands in for it in the place of each of `most` matches, or of its last group where it has one."""
    pieces: list[str] = []
    starts: list[int] = []
    position = 0
    for match in islice(pattern.finditer(cleaned.text), most):
        start, end = match.span(match.lastindex or 0)
        replacement = stand_in(match)
        pieces += cleaned.text[position:start], replacement
        starts += cleaned.starts[position:start]
        starts += [cleaned.starts[start]] * len(replacement)
        position = end
    if not pieces:
        return cleaned
    pieces.append(cleaned.text[position:])
    starts += cleaned.starts[position:]
    return Cleaned("".join(pieces), starts, cleaned.length)


def _stand_in(match: re.Match[str]) -> str:
    markup = match[0]
    if markup == "\u2029":
        return "\n\n"
    # An entity of nothing (&#1;) still leaves a character to stand for it, or its author's characters would vanish.
    return (html.unescape(markup) or "\ufffd") if markup.startswith("&") else "\n"


def _for_a_run(match: re.Match[str]) -> str:
    # White space keeps what it means: a blank line, a line's end, or a gap. Of all else the beginning is kept.
    return "" if match.lastindex else "\n" * min(match[0].count("\n"), 2) or " "


def sentence_spans(text: str) -> list[tuple[int, int]]:
    """Return the sentences of `text` as (start, end) offsets into it, in order and without overlap.

    Every character that is not space (a line-break tag counts as space) lies in exactly one sentence; sentences start
    and end with such characters, and none crosses a blank line. Boundaries are sentencex's (rules for English).
    """
    cleaned = clean(text)
    spans: list[tuple[int, int]] = []
    taken = 0
    for offset, paragraph in _paragraphs(cleaned.text):
        for first, last in _rejoined(paragraph, _boundaries(paragraph)):
            sentence = paragraph[first:last]
            start = offset + first + len(sentence) - len(sentence.lstrip())
            end = offset + first + len(sentence.rstrip())
            # A boundary may lie inside what one entity stands for, which is then in the sentence before alone.
            if start < end and taken < cleaned.end(end - 1):
                spans.append((max(cleaned.starts[start], taken), cleaned.end(end - 1)))
                taken = spans[-1][1]
    return spans


def _rejoined(paragraph: str, boundaries: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Put together what sentencex parts between an abbreviation and the number that belongs to it: "Vol. 2"."""
    begun: tuple[int, int] | None = None
    for first, last in boundaries:
        before = paragraph[max(0, first - LONGEST_ABBREVIATION) : first]
        if begun and _ABBREVIATED.search(before) and _NUMBER.match(paragraph, first):
            begun = begun[0], last
            continue
        if begun:
            yield begun
        begun = first, last
    if begun:
        yield begun


def _boundaries(paragraph: str) -> Iterator[tuple[int, int]]:
    """Yield where sentencex finds sentences, in a long paragraph step by step, each from where a sentence begins."""
    start = 0
    while start < len(paragraph):
        piece = paragraph[start : start + AT_ONCE]
        found = [(each["start_index"], each["end_index"]) for each in sentencex.get_sentence_boundaries("en", piece)]
        if start + len(piece) < len(paragraph):
            # The last one goes on beyond the piece. One that fills it is cut between two words, if there are any.
            found = found[:-1] or [(0, piece.rfind(" ") + 1 or len(piece))]
        yield from ((start + first, start + last) for first, last in found)
        start += found[-1][1]


def _paragraphs(text: str) -> Iterator[tuple[int, str]]:
    start = 0
    for gap in _PARAGRAPH_BREAK.finditer(text):
        yield start, text[start : gap.start()]
        start = gap.end()
    yield start, text[start:]
