"""The why on a film's page: as many marks as are counted, or bars; nothing that is counted is missing."""

import re

import pytest

from sentiment.verdicts.aggregates import MARKS, refresh
from sentiment.verdicts.effective import settle
from tests.makers import make_member, make_movie, make_review, read

pytestmark = pytest.mark.django_db


def praised(times):
    """A film whose acting so many reviews praise."""
    movie = make_movie()
    for n in range(times):
        review = read(make_review(movie, make_member(f"m{n}")), 0.9)
        review.reading.score.mentions.create(aspect="acting", start=0, end=9, positive=0.9)
        settle([review.pk])
    refresh([movie.pk])


def why(client):
    return client.get("/film/rear-window/").content.decode().split('id="why"')[1].split("</section>")[0]


def test_each_opinion_is_a_mark_that_opens_it(client):
    praised(MARKS)
    html = why(client)
    assert html.count('aria-label="Praise of the acting: open its sentence"') == MARKS
    assert f"{MARKS} opinions on single aspects." in html


def test_more_than_fit_on_a_phone_are_a_bar_that_opens_them_all(client):
    praised(MARKS + 1)
    html = why(client)
    assert "open its sentence" not in html
    label = f"{MARKS + 1} praise the acting: open their sentences"
    assert re.search(rf'href="/film/rear-window/why/acting/\?side=praise"\s+aria-label="{label}"', html)
