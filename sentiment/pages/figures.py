"""Small figures beside reviews: columns above and below a line, and where each of them stands."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from html import escape
from itertools import chain

from django.utils.formats import date_format
from django.utils.safestring import SafeString, mark_safe

from sentiment.core.labels import NEGATIVE_BELOW, POSITIVE_ABOVE
from sentiment.pages.stars_and_words import StarRow
from sentiment.pages.trends import Period

WIDTH, HALF, GAP, WIDEST = 280.0, 50.0, 4.0, 56.0
MIDDLE = HALF + 10
"""Where the line is."""
LETTER, APART = 6.0, 2.0
"""How wide a character of a label is, about, and how far labels stay from each other."""
MOST = 16
"""How many columns fit; the table has them all."""
LINES = (124, 136)
"""Where the lines of a label are."""
HALVES = {0: "", 1: "½"}


@dataclass(frozen=True, slots=True)
class ColumnPart:
    """A stretch of a column: one kind of verdict."""

    kind: str
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class Column:
    """A column of reviews: positive ones above the line, negative ones below, unsure ones between them.

    Half of the unsure are above the line, half below. A review is `scale` high, in all columns of a figure. The label
    has one or two lines.
    """

    label: tuple[str, ...]
    name: str
    positive: int
    negative: int
    unsure: int
    x: float = 0
    width: float = 0
    scale: float = 0

    @property
    def parts(self) -> list[ColumnPart]:
        """Its stretches that have a height, from above."""
        found, at = list[ColumnPart](), MIDDLE - self.scale * (self.positive + self.unsure / 2)
        for kind, count in (("g", self.positive), ("u", self.unsure), ("b", self.negative)):
            if count:
                found.append(ColumnPart(kind, round(at, 2), round(count * self.scale, 2)))
            at += count * self.scale
        return found

    @property
    def half(self) -> float:
        """Half the width of its label."""
        return LETTER * max(map(len, self.label), default=0) / 2

    @property
    def middle(self) -> float:
        """Where its label is centred: near an edge, further in, so that nothing of it is cut off."""
        return round(min(max(self.x + self.width / 2, self.half), WIDTH - self.half), 1)

    @property
    def percent(self) -> int:
        """The share positive."""
        return round(100 * self.positive / (self.positive + self.negative + self.unsure))


@dataclass(frozen=True, slots=True)
class Bin:
    """The reviews of one tenth of the scale of scores; `kind` is what scores in it are called."""

    first: int
    count: int
    kind: str
    x: float
    width: float
    height: float

    @property
    def last(self) -> int:
        return self.first + 10

    @property
    def top(self) -> float:
        return round(MIDDLE - self.height, 1)


def drawn(columns: Sequence[Column]) -> list[Column]:
    """Lay columns out on one scale, with as many labels as fit beside each other, the last one among them."""
    if not columns:
        return []
    most = max(max(column.positive, column.negative) + column.unsure / 2 for column in columns)
    slot = min(WIDEST, WIDTH / len(columns))
    laid = [
        replace(column, x=round(i * slot + GAP / 2, 1), width=round(slot - GAP, 1), scale=HALF / most)
        for i, column in enumerate(columns)
    ]
    room, found = WIDTH + APART, list[Column]()
    for column in reversed(laid):
        fits = column.middle + column.half + APART <= room
        room = column.middle - column.half if fits else room
        found.append(column if fits else replace(column, label=()))
    return found[::-1]


def shapes(columns: Sequence[Column]) -> SafeString:
    """Return the SVG of columns that were laid out, with the lines of their labels below them.

    A template would look up each of some hundreds of numbers by name, and format it for a reader.
    """
    return mark_safe("".join(chain.from_iterable(map(_shapes_of, columns))))  # noqa: S308  labels are escaped below


def _shapes_of(column: Column) -> Iterator[str]:
    for part in column.parts:
        place = f'x="{column.x}" y="{part.y}" width="{column.width}" height="{part.height}"'
        yield f'<rect class="{part.kind}" {place}/>'
    for y, line in zip(LINES, column.label, strict=False):
        yield f'<text x="{column.middle}" y="{y}" text-anchor="middle">{escape(line)}</text>'


def histogram(counts: Sequence[int]) -> list[Bin]:
    """Ten columns from 0 to 100% positive; none where there is nothing to count."""
    most, slot = max(counts, default=0), WIDTH / max(1, len(counts))
    if not most:
        return []
    return [
        Bin(
            10 * i,
            count,
            _kind(i / 10, (i + 1) / 10),
            x=round(i * slot + GAP / 2, 1),
            width=round(slot - GAP, 1),
            height=round(HALF * count / most, 1),
        )
        for i, count in enumerate(counts)
    ]


def _kind(low: float, high: float) -> str:
    if low >= POSITIVE_ABOVE:
        return "g"
    return "b" if high <= NEGATIVE_BELOW else "u"


def column_of_period(period: Period) -> Column:
    """Return the reviews of some months, to be drawn."""
    counts = period.counts
    return Column(_short(period), _months(period), counts.positive, counts.negative, counts.unsure)


def column_of_stars(row: StarRow) -> Column:
    """Return the reviews with so many stars, to be drawn."""
    stars = f"{row.half_stars // 2 or ''}{HALVES[row.half_stars % 2]}"
    return Column((stars,), f"{stars} stars", row.positive, row.negative, row.unsure)


def _months(period: Period) -> str:
    first, last = date_format(period.first, "M Y"), date_format(period.last, "M Y")
    return first if first == last else f"{first} to {last}"


def _short(period: Period) -> tuple[str, ...]:
    """Return the months of a period, short enough to stand below a column."""
    first, last = _month(period.first), _month(period.last)
    return (first,) if first == last else (first, f"– {last}")


def _month(day: date) -> str:
    return f"{date_format(day, 'M')} ’{day:%y}"
