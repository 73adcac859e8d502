"""How a film was received over time: months add up, and a burst is called one only by its rule."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment.models import MovieFigures
from sentiment.pages.trends import Counts, burst_of, periods_of, total_of, trend
from tests.makers import make_member, make_movie, make_review, read

START = date(2024, 1, 1)


def days(*rows: tuple[int, int, int]) -> list[tuple[date, Counts]]:
    """(day, positive, negative) each."""
    return [(START + timedelta(days=day), Counts(positive, negative)) for day, positive, negative in rows]


STEADY = [(7 * week, 1, 1) for week in range(30)]


@given(st.lists(st.tuples(st.integers(0, 900), st.integers(0, 6), st.integers(0, 6)), unique_by=lambda row: row[0]))
def test_every_review_is_in_one_period_and_periods_are_in_order(rows):
    given_days = days(*sorted(rows))
    periods = periods_of(given_days)
    assert total_of(period.counts for period in periods) == total_of(counts for _, counts in given_days)
    assert all(before.last < after.first for before, after in pairwise(periods))
    assert all(period.counts.judged >= 5 for period in periods) or len(periods) == 1


def test_months_with_few_reviews_are_merged():
    periods = periods_of(days((0, 3, 0), (31, 1, 1), (60, 0, 9), (91, 1, 0)))
    assert [(period.first, period.counts.judged) for period in periods] == [(START, 5), (date(2024, 3, 1), 10)]
    assert periods[1].last == date(2024, 4, 1)


def test_a_week_of_pans_on_a_film_that_was_liked_is_a_burst():
    burst = burst_of(days(*[(7 * week, 2, 0) for week in range(30)], (303, 0, 8), (305, 1, 7)))
    assert burst is not None
    assert (burst.first, burst.last) == (START + timedelta(days=303), START + timedelta(days=305))
    assert (burst.counts.judged, burst.counts.percent) == (16, 6)
    assert (burst.without.judged, burst.without.percent) == (60, 100)


@pytest.mark.parametrize(
    "rows",
    [
        [],
        STEADY,
        [*STEADY, (303, 0, 9)],
        [*STEADY, (303, 6, 9)],
        [(7 * week, 0, 2) for week in range(30)] + [(303, 0, 20)],
        [(7 * week, 5, 5) for week in range(30)] + [(303, 0, 20)],
        [(303, 0, 20)],
    ],
    ids=["nothing", "steady", "too few", "two-sided", "as all others", "as many as usual", "nothing else"],
)
def test_what_is_no_burst(rows):
    assert burst_of(days(*rows)) is None


@pytest.mark.django_db
def test_only_what_is_dated_public_and_judged_counts():
    film, now = make_movie(), datetime.now(UTC)
    for n, (age, fields, positive) in enumerate(
        [(1, {}, 0.9), (200, {}, 0.1), (3, {"hidden": True}, 0.9), (3, {"written_at": None}, 0.9), (4, {}, None)]
    ):
        review = make_review(film, make_member(f"m{n}"), **{"written_at": now - timedelta(days=age), **fields})
        if positive is not None and "hidden" not in fields:
            read(review, positive)
    found = trend(MovieFigures.objects.get(movie=film))
    assert (found.all_time, found.lately) == (Counts(1, 1), Counts(1, 0))
