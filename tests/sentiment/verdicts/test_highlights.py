"""Which sentences may be quoted: those that moved their review's verdict, and speak of no aspect the other way."""

import random

import pytest

from sentiment.models import Highlight, MovieSentiment
from sentiment.pages.marked_text import marks_of
from sentiment.verdicts.aggregates import refresh
from sentiment.verdicts.effective import settle
from tests.makers import make_member, make_movie, make_review, read

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("nothing_is_off")]

JOY, ASIDE, DRAG = (
    "I wept for joy from the first scene.",
    "My ex-husband had the poster on his wall.",
    "The story drags on for far too long.",
)
TEXT = f"{JOY} {ASIDE} {DRAG}"


def quoted(review):
    """The sentences that may be quoted of a review, by side."""
    found = Highlight.objects.filter(review=review)
    return {("+" if each.favourable else "-"): TEXT[each.start : each.end] for each in found}


@pytest.fixture
def review():
    return make_review(author=make_member(), text=TEXT)


@pytest.mark.parametrize(
    ("share", "expected"), [(-0.199, {"+": JOY}), (-0.2, {"+": JOY, "-": ASIDE}), (0.0, {"+": JOY})]
)
def test_a_sentence_that_decided_nothing_is_not_quoted(review, share, expected):
    read(review, 0.9, [(JOY, 2.0), (ASIDE, share)])
    assert quoted(review) == expected


def test_shares_of_nothing_quote_nothing(review):
    read(review, 0.5, [(JOY, 0.0), (ASIDE, 0.0), (DRAG, None)])
    assert quoted(review) == {}


def test_a_sentence_that_faults_an_aspect_is_not_quoted_as_praise(review):
    mentions = read(review, 0.9, [(JOY, 1.0), (DRAG, 2.0)]).reading.score.mentions
    assert quoted(review) == {"+": DRAG}
    mentions.create(aspect="story", start=TEXT.index(DRAG), end=len(TEXT), positive=0.1)
    settle([review.pk])
    refresh([review.movie_id])
    assert quoted(review) == {"+": JOY}
    (praise,) = MovieSentiment.objects.get(pk=review.movie_id).praise
    assert Highlight.objects.get(pk=praise).start == 0
    # It praises another aspect: what it says goes both ways, so the verdict's side is one of its own.
    mentions.create(aspect="music", start=TEXT.index(DRAG), end=len(TEXT), positive=0.9)
    settle([review.pk])
    refresh([review.movie_id])
    assert quoted(review) == {"+": DRAG}


def test_a_sentence_that_praises_an_aspect_is_not_quoted_as_criticism(review):
    mentions = read(review, 0.2, [(JOY, -2.0), (DRAG, -1.0)]).reading.score.mentions
    mentions.create(aspect="acting", start=0, end=len(JOY), positive=0.9)
    settle([review.pk])
    refresh([review.movie_id])
    assert quoted(review) == {"-": DRAG}


def test_what_is_said_against_a_reviews_own_verdict_is_quoted_last():
    movie = make_movie()
    for n, (positive, shares) in enumerate([(0.9, [(JOY, 3.0), (DRAG, -2.0)]), (0.2, [(JOY, 2.5), (DRAG, -1.0)])]):
        read(make_review(movie, make_member(f"m{n}"), text=TEXT), positive, shares)
    quotes = MovieSentiment.objects.get(pk=movie.pk)
    for listed, expected in ((quotes.praise, [3.0, 2.5]), (quotes.criticism, [1.0, 2.0])):
        assert [Highlight.objects.get(pk=pk).weight for pk in listed] == expected


@pytest.mark.parametrize("seed", range(5))
def test_what_is_quoted_is_marked_in_its_review_by_the_same_sign(seed):
    chance = random.Random(seed)
    movie = make_movie()
    for n in range(10):
        review = make_review(movie, make_member(f"m{n}"), text=TEXT)
        shares = [chance.gauss(0, 1) ** 3 for _ in range(3)]
        read(review, 0.9, zip((JOY, ASIDE, DRAG), shares, strict=True))
    for each in Highlight.objects.select_related("review__reading__score"):
        marks = marks_of(TEXT, each.review.reading.score.sentences, "", {})
        (mark,) = [mark for mark in marks if mark.start == each.start]
        assert mark.strength
        assert mark.positive == each.favourable
