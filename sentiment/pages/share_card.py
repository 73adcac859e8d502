"""A film's card for where its address is shared: title, bar, and the sentence of its card, drawn as a picture."""

from collections.abc import Iterator
from functools import cache
from io import BytesIO
from itertools import groupby
from pathlib import Path
from typing import Final

from django.conf import settings
from PIL import Image, ImageDraw, ImageFont

from sentiment.models import MovieSentiment
from sentiment.verdicts.claims import ENOUGH, word_for
from textflix.movies.models import Movie

SIZE: Final = (1200, 630)
MARGIN: Final = 70
WIDE: Final = SIZE[0] - 2 * MARGIN
PAPER, INK, SOFT, GOOD, BAD = "#fbfaf7", "#16150f", "#5d594e", "#00775a", "#b4480b"
TITLE_LINES, QUOTE_LINES, GAP = 2, 3, 4
TOO_FEW: Final = "Too few reviews to tell"
NOWHERE: Final = "\U0010ffff"
"""No typeface has a letter for it: what is drawn for it is drawn for all that are missing."""


FILES: Final = ("newsreader-latin-wght-normal.woff2", "newsreader-latin-ext-wght-normal.woff2")


class Face:
    """The site's typeface in one size and weight, whose letters are in two files."""

    def __init__(self, size: int, weight: int) -> None:
        # Found where they lie in the project, whether or not static files have been collected.
        folder = Path(settings.BASE_DIR) / "static" / "fonts"
        self._fonts = [ImageFont.truetype(folder / name, size) for name in FILES]
        for font in self._fonts:
            font.set_variation_by_axes([weight])
        self._missing = [bytes(font.getmask(NOWHERE)) for font in self._fonts]
        self._with: dict[str, int | None] = {" ": 0}

    def can_write(self, text: str) -> bool:
        """Say whether there is a letter for every character."""
        return all(self._font_with(character) is not None for character in text)

    def length(self, text: str) -> float:
        """Return how wide a text is, in pixels."""
        return sum(font.getlength(run) for font, run in self._runs(text))

    def write(self, pen: ImageDraw.ImageDraw, at: tuple[float, float], text: str, colour: str) -> None:
        """Write a line; `at` is its upper left corner."""
        x, y = at
        for font, run in self._runs(text):
            pen.text((x, y + self._fonts[0].getmetrics()[0]), run, font=font, fill=colour, anchor="ls")
            x += font.getlength(run)

    def _runs(self, text: str) -> Iterator[tuple[ImageFont.FreeTypeFont, str]]:
        for found, run in groupby(text, lambda character: self._font_with(character) or 0):
            yield self._fonts[found], "".join(run)

    def _font_with(self, character: str) -> int | None:
        if character not in self._with:
            drawn = [bytes(font.getmask(character)) for font in self._fonts]
            have = (i for i, mask in enumerate(drawn) if mask != self._missing[i])
            self._with[character] = next(have, None)
        return self._with[character]


@cache
def face(size: int, weight: int) -> Face:
    """Load each face once."""
    return Face(size, weight)


def draw(movie: Movie, sentiment: MovieSentiment, quote: str) -> bytes:
    """Return a PNG; a quote that this typeface cannot write is left out."""
    picture = Image.new("RGB", SIZE, PAPER)
    pen = ImageDraw.Draw(picture)
    pen.rectangle((0, 0, SIZE[0], 64), fill=INK)
    face(32, 600).write(pen, (MARGIN, 14), "Textflix", PAPER)
    top = 110.0
    for line in wrapped(str(movie), face(72, 600), TITLE_LINES):
        face(72, 600).write(pen, (MARGIN, top), line, INK)
        top += 82
    top += 20
    _bar(pen, sentiment, top)
    said = f"{word_for(sentiment)}: {sentiment.positive:,} of {sentiment.judged:,} reviews positive"
    face(30, 400).write(pen, (MARGIN, top + 52), said if sentiment.judged >= ENOUGH else TOO_FEW, SOFT)
    top += 120
    quoted = f"“{quote}”" if quote and face(40, 400).can_write(quote) else ""
    for line in wrapped(quoted, face(40, 400), QUOTE_LINES):
        face(40, 400).write(pen, (MARGIN, top), line, INK)
        top += 52
    written = BytesIO()
    picture.save(written, "PNG", optimize=True)
    return written.getvalue()


def _bar(pen: ImageDraw.ImageDraw, sentiment: MovieSentiment, top: float) -> None:
    at = float(MARGIN)
    for count, colour in ((sentiment.positive, GOOD), (sentiment.unsure, PAPER), (sentiment.negative, BAD)):
        width = WIDE * count / max(1, sentiment.judged)
        if width:
            right = max(at + 1, at + width - GAP)
            pen.rectangle((at, top, right, top + 36), fill=colour, outline=SOFT if colour == PAPER else None)
        at += width


def wrapped(text: str, font: Face, most: int) -> list[str]:
    """Break a text into lines that fit; the last of `most` ends in … where there would be more."""
    lines: list[str] = []
    words = text.split()
    while words:
        line = words.pop(0)
        while words and font.length(f"{line} {words[0]}") <= WIDE:
            line += f" {words.pop(0)}"
        if len(lines) + 1 == most and words:
            line += " …"
        while font.length(line) > WIDE and len(line) > 1:
            line = f"{line.removesuffix('…')[:-1].rstrip()}…"
        lines.append(line)
        if len(lines) == most:
            break
    return lines
