from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment.pages.bars import segments, whole_percents

COUNTS = st.fixed_dictionaries({name: st.integers(0, 10_000) for name in ("positive", "negative", "unsure")})


@given(COUNTS)
def test_percentages_sum_to_100(counts):
    percents = whole_percents(counts)
    assert sum(percents.values()) == (100 if any(counts.values()) else 0)
    for name, count in counts.items():
        if any(counts.values()):
            assert abs(percents[name] - 100 * count / sum(counts.values())) <= 2
            assert (percents[name] > 0) == (count > 0), "what is there is never called 0%, nor all else 100%"


def test_the_share_positive_is_rounded_as_anyone_would():
    assert whole_percents({"positive": 25, "unsure": 1, "negative": 4}) == {"positive": 83, "unsure": 3, "negative": 14}


@given(COUNTS.filter(lambda counts: any(counts.values())))
def test_the_bar_is_filled_once_from_end_to_end(counts):
    parts = segments(counts)
    assert len(parts) == sum(count > 0 for count in counts.values())
    assert parts[0].x == 0
    assert parts[-1].x + parts[-1].width == pytest.approx(100, abs=0.02)
    assert all(part.width > 0 for part in parts)
    for left, right in pairwise(parts):
        assert left.x + left.width <= right.x


def test_one_among_thousands_is_seen_and_said():
    counts = {"positive": 9_999, "unsure": 1, "negative": 0}
    assert whole_percents(counts) == {"positive": 99, "unsure": 1, "negative": 0}
    assert segments(counts)[1].width > 0
