"""The stars that reviews came with, against what their words read as."""

from collections.abc import Sequence
from dataclasses import dataclass

from sentiment.models import MovieFigures
from sentiment.verdicts.aggregates import TENTHS
from textflix.reviews.ratings import AT_ODDS


@dataclass(frozen=True, slots=True)
class StarRow:
    """The judged reviews with so many half stars."""

    half_stars: int
    positive: int
    negative: int
    unsure: int


@dataclass(frozen=True, slots=True)
class StarsAndWords:
    """Both histograms, and how many reviews' stars say one thing and their words another.

    `rows`: one for each number of stars that was given. `scores`: how many reviews the critic put in each tenth of the
    scale, from negative to positive.
    """

    rows: Sequence[StarRow]
    scores: Sequence[int]
    at_odds: int


def stars_and_words(figures: MovieFigures | None) -> StarsAndWords:
    """Read both histograms from what is stored of a film."""
    rows = [StarRow(*row) for row in figures.stars] if figures else []
    counts = dict(figures.scores) if figures else {}
    odds = sum(getattr(row, verdict) for verdict, stars in AT_ODDS.items() for row in rows if row.half_stars in stars)
    return StarsAndWords(rows, [counts.get(tenth, 0) for tenth in range(TENTHS)], odds)
