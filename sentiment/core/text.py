"""Cleans texts for the critic and finds their sentences, always with offsets into the author's text."""

import html
import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import sentencex

# What stands for something of another length. Line-break tags count as the line breaks they are.
_MARKUP = re.compile(
    r"\r\n? | \u2029 | <br\s*/?> | &(?: \#\d{1,7} | \#x[0-9a-f]{1,6} | [a-z][a-z0-9]{1,31} );",
    re.IGNORECASE | re.VERBOSE,
)
_PARAGRAPH_BREAK = re.compile(r"\n\s*\n")


def _one_for_one() -> dict[int, str]:
    """Characters the tokenizer would drop, refuse or join words by, each with a stand-in of one character."""
    # Review corpora hold Windows-1252 punctuation decoded as C1 controls; HTML reads those as Windows-1252 too.
    table = {c: bytes([c]).decode("cp1252", "replace") for c in range(0x80, 0xA0)}
    spaces = (c for c in range(0x3001) if chr(c).isspace() and c not in table)
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
    """Undo HTML line breaks, HTML entities, odd line ends and mis-decoded punctuation, keeping the way back."""
    pieces: list[str] = []
    starts: list[int] = []
    position = 0
    for markup in _MARKUP.finditer(text):
        stand_in = _stand_in(markup[0])
        pieces += text[position : markup.start()], stand_in
        starts += range(position, markup.start())
        starts += [markup.start()] * len(stand_in)
        position = markup.end()
    if not pieces:
        return Cleaned(text.translate(_ONE_FOR_ONE), range(len(text)), len(text))
    pieces.append(text[position:])
    starts += range(position, len(text))
    return Cleaned("".join(pieces).translate(_ONE_FOR_ONE), starts, len(text))


def _stand_in(markup: str) -> str:
    if markup == "\u2029":
        return "\n\n"
    # An entity of nothing (&#1;) still leaves a character to stand for it, or its author's characters would vanish.
    return (html.unescape(markup) or "\ufffd") if markup.startswith("&") else "\n"


def sentence_spans(text: str) -> list[tuple[int, int]]:
    """Return the sentences of `text` as (start, end) offsets into it, in order and without overlap.

    Every character that is not space (a line-break tag counts as space) lies in exactly one sentence; sentences start
    and end with such characters, and none crosses a blank line. Boundaries are sentencex's (rules for English).
    """
    cleaned = clean(text)
    spans: list[tuple[int, int]] = []
    for offset, paragraph in _paragraphs(cleaned.text):
        for boundary in sentencex.get_sentence_boundaries("en", paragraph):
            sentence = paragraph[boundary["start_index"] : boundary["end_index"]]
            start = offset + boundary["start_index"] + len(sentence) - len(sentence.lstrip())
            end = offset + boundary["start_index"] + len(sentence.rstrip())
            if start < end:
                spans.append((cleaned.starts[start], cleaned.end(end - 1)))
    return spans


def _paragraphs(text: str) -> Iterator[tuple[int, str]]:
    start = 0
    for gap in _PARAGRAPH_BREAK.finditer(text):
        yield start, text[start : gap.start()]
        start = gap.end()
    yield start, text[start:]
