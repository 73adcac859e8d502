"""How a film's reception went over time, and whether part of it came in a burst."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import NamedTuple

from django.utils import timezone

from sentiment.models import MovieFigures

FEWEST_IN_MONTH = 5
"""Months with fewer reviews are merged with those that follow."""
LATELY = timedelta(days=90)

BURST_DAYS = 7
BURST_REVIEWS = 10
BURST_TIMES = 5
BURST_ONE_SIDED = 0.9
BURST_APART = 0.3
BURST_RULE = (
    f"at least {BURST_REVIEWS} reviews within {BURST_DAYS} days, {BURST_TIMES} times as many as in the film's usual "
    f"week with reviews, {BURST_ONE_SIDED:.0%} of them on one side, and their share positive "
    f"{100 * BURST_APART:.0f} points or more away from that of all others"
)


class Counts(NamedTuple):
    """Judged reviews."""

    positive: int = 0
    negative: int = 0
    unsure: int = 0

    def without(self, part: "Counts") -> "Counts":
        """Return what is left of these when a part of them is taken away."""
        return Counts(self.positive - part.positive, self.negative - part.negative, self.unsure - part.unsure)

    @property
    def judged(self) -> int:
        return self.positive + self.negative + self.unsure

    @property
    def share(self) -> float:
        """The share positive; 0 where none is judged."""
        return self.positive / self.judged if self.judged else 0.0

    @property
    def percent(self) -> int:
        return round(100 * self.share)


@dataclass(frozen=True, slots=True)
class Period:
    """The judged reviews of a month, or of several that were merged, from the first to the last day with any."""

    first: date
    last: date
    counts: Counts


@dataclass(frozen=True, slots=True)
class Burst:
    """The days of a burst, what came in them, and what the film's share would be without."""

    first: date
    last: date
    counts: Counts
    without: Counts
    rule: str = field(default=BURST_RULE)


@dataclass(frozen=True, slots=True)
class Trend:
    """A film's dated reviews by period, oldest first, of all time and of late, and a burst where there was one."""

    periods: Sequence[Period]
    all_time: Counts
    lately: Counts
    burst: Burst | None


def trend(figures: MovieFigures | None) -> Trend:
    """Read a film's trend from what is stored of its public, dated and judged reviews."""
    stored = figures.days if figures else []
    days = [(date.fromisoformat(day), Counts(*counts)) for day, *counts in stored]
    since = timezone.localdate() - LATELY
    all_time = total_of(counts for _, counts in days)
    lately = total_of(counts for day, counts in days if day > since)
    return Trend(periods_of(days), all_time, lately, burst_of(days))


def total_of(counts: Iterable[Counts]) -> Counts:
    """Add up counts."""
    return Counts(*map(sum, zip(*counts, strict=True)))


def periods_of(days: Sequence[tuple[date, Counts]]) -> list[Period]:
    """Gather days by month; a month with too few reviews goes on into the next, what is left at the end back."""
    months: dict[date, list[tuple[date, Counts]]] = {}
    for day, counts in days:
        months.setdefault(day.replace(day=1), []).append((day, counts))
    periods: list[Period] = []
    waiting: list[tuple[date, Counts]] = []
    for month in months.values():
        waiting += month
        if total_of(counts for _, counts in waiting).judged >= FEWEST_IN_MONTH:
            periods.append(_period(waiting))
            waiting = []
    if waiting and periods:
        last = periods.pop()
        periods.append(Period(last.first, waiting[-1][0], total_of([last.counts, *(counts for _, counts in waiting)])))
    elif waiting:
        periods.append(_period(waiting))
    return periods


def _period(days: Sequence[tuple[date, Counts]]) -> Period:
    return Period(days[0][0], days[-1][0], total_of(counts for _, counts in days))


def burst_of(days: Sequence[tuple[date, Counts]]) -> Burst | None:
    """Find the largest burst by BURST_RULE."""
    all_time = total_of(counts for _, counts in days)
    found: list[Burst] = []
    positive = negative = judged = end = 0
    for i, (first, of_first) in enumerate(days):
        beyond = first + timedelta(days=BURST_DAYS)
        while end < len(days) and days[end][0] < beyond:
            more, less, neither = days[end][1]
            positive, negative, judged = positive + more, negative + less, judged + more + less + neither
            end += 1
        if judged >= BURST_REVIEWS and max(positive, negative) >= BURST_ONE_SIDED * judged:
            of_burst = Counts(positive, negative, judged - positive - negative)
            burst = Burst(first, days[end - 1][0], of_burst, all_time.without(of_burst))
            if _stands_apart(burst) and judged >= BURST_TIMES * _usual_week([*days[:i], *days[end:]]):
                found.append(burst)
        positive, negative = positive - of_first.positive, negative - of_first.negative
        judged -= of_first.judged
    return max(found, key=lambda burst: burst.counts.judged, default=None)


def _stands_apart(burst: Burst) -> bool:
    return burst.without.judged > 0 and abs(burst.counts.share - burst.without.share) >= BURST_APART


def _usual_week(days: Sequence[tuple[date, Counts]]) -> float:
    """The median number of reviews of those weeks that have any."""
    weeks: dict[tuple[int, int], int] = {}
    for day, counts in days:
        week = day.isocalendar()[:2]
        weeks[week] = weeks.get(week, 0) + counts.judged
    ordered = sorted(weeks.values())
    return ordered[len(ordered) // 2] if ordered else 0.0
