"""The small figures beside a film's reviews: what they draw, what they say, and the tables behind them."""

import re
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from django.template import Context, Template

from sentiment.templatetags.figures import MOST, WIDTH, Column, drawn, histogram
from tests.makers import make_member, make_movie, make_review, read
from textflix.movies.models import Movie


def months(number):
    return [Column(f"Mar ’{n:02}", f"March {n}", 3, 2, 1) for n in range(number)]


@pytest.mark.parametrize("number", [1, 2, 5, 6, 11, 16])
def test_labels_are_as_many_as_fit_and_the_last_is_there(number):
    labelled = [column for column in drawn(months(number)) if column.label]
    assert labelled[-1].label == f"Mar ’{number - 1:02}"
    middles = [column.middle for column in labelled]
    assert all(right - left >= 40 for left, right in pairwise(middles))
    assert all(20 <= middle <= WIDTH - 20 for middle in middles)


def test_short_labels_are_all_there():
    assert [column.label for column in drawn([Column(str(n), "", 1, 1, 0) for n in range(10)])] == list("0123456789")


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

    def test_stars_stand_beside_scores(self):
        movie = make_movie()
        read(make_review(movie, make_member(), stars=8), 0.93)
        read(make_review(movie, make_member("bob")), 0.12)
        html = self.shown("stars_and_words", movie)
        assert '<th scope="row">4 stars</th><td>1</td><td>0</td><td>0</td><td>100%</td>' in html
        assert '<th scope="row">10–20%</th><td>1</td>' in html
        assert '<th scope="row">90–100%</th><td>1</td>' in html

    def test_without_stars_there_are_scores_and_without_both_nothing(self):
        movie = make_movie()
        assert self.shown("stars_and_words", movie).strip() == ""
        read(make_review(movie, make_member()), 0.93)
        html = self.shown("stars_and_words", movie)
        assert "<h3>Stars</h3>" not in html
        assert "<h3>Words</h3>" in html
