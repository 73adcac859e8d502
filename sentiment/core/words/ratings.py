"""Finds the rating that a text states in figures or stars: 9/10, 4 out of 5, 3.5 stars, ★★☆☆☆."""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

POSITIVE: Final = (0.03, 0.05, 0.1, 0.2, 0.3, 0.45, 0.55, 0.7, 0.8, 0.9, 0.95)
"""The probability of positive of a rating, by its tenths (0 to 10), where nothing else in a text judges.

In line with aclImdb (Maas et al. 2011): up to four of ten is negative, from seven on positive.
"""
DEFAULT_STARS: Final = 5

_RATING = re.compile(
    r"""
    (?<![\d.,/])(?P<given>\d{1,3}(?:[.,]\d{1,2})?)\s?
        (?:(?:stars?\s)?(?:/|out\sof)\s?(?P<most>100|10|5)(?![\d/.]?\d)(?:\s?stars?)?
          |(?:/|out\sof|of)\s?(?P<stars_after>10|5|4)\s?stars?\b
          |stars?\s(?:/|out\sof|of)\s?(?P<stars_before>10|5|4)(?![\d/.]?\d))
    | (?<![\d.,/])(?P<stars>[0-5](?:[.,]5)?)[\s-]stars?\b
    | (?P<filled>[★⭐🌟]\ufe0f?(?:\s?[★⭐🌟]\ufe0f?){0,9})(?P<half>\s?[½⯨])?(?P<empty>(?:\s?☆){0,9})
    | (?P<none>☆(?:\s?☆){2,9})
    """,
    re.VERBOSE | re.IGNORECASE,
)


class Rating(NamedTuple):
    """A rating from 0 to 1, and where in the text it is stated."""

    value: float
    start: int
    end: int


def stated_ratings(text: str) -> Iterator[Rating]:
    """Yield the ratings that a text states, in order; one of more than the most is taken for the most."""
    for match in _RATING.finditer(text):
        yield Rating(min(_value(match), 1.0), *match.span())


def positive_of(rating: float) -> float:
    """Return the probability of positive that a rating from 0 to 1 stands for."""
    return POSITIVE[round(rating * 10)]


def _value(match: re.Match[str]) -> float:
    if match["given"]:
        most = match["most"] or match["stars_after"] or match["stars_before"]
        return float(match["given"].replace(",", ".")) / int(most)
    if match["stars"]:
        return float(match["stars"].replace(",", ".")) / DEFAULT_STARS
    if match["none"]:
        return 0.0
    filled = sum(character in "★⭐🌟" for character in match["filled"])
    empty = match["empty"].count("☆")
    of = filled + empty + bool(match["half"] and empty)
    return (filled + bool(match["half"]) / 2) / (of if empty else DEFAULT_STARS if filled <= DEFAULT_STARS else 10)
