"""The small figures beside a film's reviews: what they draw, what they say, and the tables behind them."""

import re
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from django.template import Context, Template
from hypothesis import given
from hypothesis import strategies as st

from sentiment.pages.figures import HALF, LETTER, MIDDLE, MOST, WIDTH, Column, drawn, histogram, shapes
from tests.makers import make_member, make_movie, make_review, read
from textflix.movies.models import Movie


def months(number):
    return [Column((f"Mar ’{n:02}", f"– Apr ’{n:02}"), f"March to April {n}", 3, 2, 1) for n in range(number)]


@pytest.mark.parametrize("number", [*range(1, 17)])
def test_labels_are_as_many_as_fit_and_the_last_is_there(number):
    labelled = [column for column in drawn(months(number)) if column.label]
    assert labelled[-1].label == (f"Mar ’{number - 1:02}", f"– Apr ’{number - 1:02}")
    half = LETTER * len("– Apr ’00") / 2
    assert all(right.middle - left.middle > 2 * half for left, right in pairwise(labelled))
    assert all(half <= column.middle <= WIDTH - half for column in labelled)
    assert len(labelled) == number if number <= 5 else len(labelled) >= 3


def test_short_labels_are_all_there():
    columns = drawn([Column((str(n),), "", 1, 1, 0) for n in range(10)])
    assert [column.label for column in columns] == [(digit,) for digit in "0123456789"]


COUNT = st.integers(0, 400)
COUNTS = st.tuples(COUNT, COUNT, COUNT).filter(any)


@given(st.lists(COUNTS, min_size=1, max_size=MOST))
def test_what_is_drawn_adds_up_to_what_is_counted(rows):
    columns = drawn([Column(("",), "", *counts) for counts in rows])
    for column, (positive, negative, unsure) in zip(columns, rows, strict=True):
        counts = {"g": positive, "u": unsure, "b": negative}
        assert [part.kind for part in column.parts] == [kind for kind, count in counts.items() if count]
        for part in column.parts:
            assert part.height == pytest.approx(counts[part.kind] * column.scale, abs=0.01)
        for above, below in pairwise(column.parts):
            assert above.y + above.height == pytest.approx(below.y, abs=0.02)
        assert column.parts[0].y >= MIDDLE - HALF - 0.01
        assert column.parts[-1].y + column.parts[-1].height <= MIDDLE + HALF + 0.01


def test_columns_are_drawn_part_by_part_with_their_labels_escaped():
    svg = shapes(drawn([Column(("<b>", "& so on"), "", 2, 1, 0), Column((), "", 0, 3, 1)]))
    assert re.findall(r'<rect class="(\w)"', svg) == ["g", "b", "u", "b"]
    assert re.findall(r'y="(\d+)" text-anchor="middle">([^<]+)</text>', svg) == [
        ("124", "&lt;b&gt;"),
        ("136", "&amp; so on"),
    ]


def test_unsure_reviews_are_half_above_the_line_and_half_below():
    (column,) = drawn([Column(("4½",), "4½ stars", 0, 0, 1)])
    (part,) = column.parts
    assert (part.kind, part.y, part.y + part.height) == ("u", MIDDLE - HALF, MIDDLE + HALF)


def test_bins_are_called_what_their_scores_are_called():
    bins = histogram([4, 0, 0, 0, 1, 1, 0, 0, 0, 8])
    assert "".join(each.kind for each in bins) == "bbbbuugggg"
    assert (bins[0].height, bins[9].height, bins[9].first, bins[9].last) == (25, 50, 90, 100)
    assert histogram([0] * 10) == []


@pytest.mark.django_db
class TestOnThePage:
    def shown(self, tag, movie):
        return Template(f"{{% load figures %}}{{% {tag} movie %}}").render(
            Context({"movie": Movie.objects.get(pk=movie.pk)})
        )

    def test_months_have_their_share_positive_and_a_cut_is_said(self):
        movie, number = make_movie(), 0
        for month in range(MOST + 1):
            for positive in (0.9, 0.9, 0.9, 0.1, 0.5):
                number += 1
                at = datetime(2024 + month // 12, 1 + month % 12, 5, tzinfo=UTC)
                read(make_review(movie, make_member(f"m{number}"), written_at=at), positive)
        html = self.shown("trend", movie)
        assert html.count("<td>60%</td>") == MOST + 1
        assert '<th scope="col">Share positive</th>' in html
        assert f"the last {MOST} of {MOST + 1}" in html
        assert re.findall(r"<text[^>]*>([^<]+)</text>", html)[-1] == "May ’25"
        assert html.count('<rect class="u"') == MOST

    def test_merged_months_are_labelled_from_the_first_to_the_last(self):
        movie = make_movie()
        for n, month in enumerate((3, 3, 5, 6, 7)):
            read(make_review(movie, make_member(f"m{n}"), written_at=datetime(2025, month, 5, tzinfo=UTC)), 0.9)
        html = self.shown("trend", movie)
        assert re.findall(r"<text[^>]*>([^<]+)</text>", html) == ["Mar ’25", "– Jul ’25"]
        assert '<th scope="row">Mar 2025 to Jul 2025</th>' in html

    def test_stars_stand_beside_scores(self):
        movie = make_movie()
        read(make_review(movie, make_member(), stars=8), 0.93)
        read(make_review(movie, make_member("bob")), 0.12)
        read(make_review(movie, make_member("cy"), stars=9), 0.5)
        html = self.shown("stars_and_words", movie)
        assert html.split("<h3>Words")[0].count("<rect") == 2, "one for each review with stars, the unsure one too"
        assert '<th scope="row">4 stars</th><td>1</td><td>0</td><td>0</td><td>100%</td>' in re.sub(r">\s+<", "><", html)
        assert '<th scope="row">10–20%</th><td>1</td>' in html
        assert '<th scope="row">90–100%</th><td>1</td>' in html

    def test_without_stars_there_are_scores_and_without_both_nothing(self):
        movie = make_movie()
        assert self.shown("stars_and_words", movie).strip() == ""
        read(make_review(movie, make_member()), 0.93)
        html = self.shown("stars_and_words", movie)
        assert "<h3>Stars</h3>" not in html
        assert "<h3>Words</h3>" in html
