"""Which sentences may be quoted: the first that is marked for each side, where it is neither too short nor too long."""

import random

import pytest

from sentiment.labelling.labels import relabel
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


def test_a_sentence_that_is_not_marked_is_not_quoted():
    short = ("Oh.", "Ah.", "Eh.")
    review = make_review(author=make_member(), text=f"{' '.join(short)} {TEXT}")
    read(review, 0.9, [*((sentence, 3.0) for sentence in short), (JOY, 2.0), (DRAG, -1.0)])
    assert quoted(review) == {}


def test_shares_of_nothing_quote_nothing(review):
    read(review, 0.5, [(JOY, 0.0), (ASIDE, 0.0), (DRAG, None)])
    assert quoted(review) == {}


def faults(review, sentence=DRAG):
    """Let a sentence fault an aspect."""
    start = TEXT.index(sentence)
    mentions = review.reading.score.mentions
    mentions.create(aspect="story", start=start, end=start + len(sentence), positive=0.1)
    settle([review.pk])
    refresh([review.movie_id])
    return review


def test_of_each_side_the_most_decisive_is_quoted(review):
    faults(read(review, 0.9, [(JOY, 1.0), (ASIDE, -0.5), (DRAG, -2.0)]))
    assert quoted(review) == {"+": JOY, "-": DRAG}


def test_what_is_against_the_verdict_and_judges_nothing_is_not_quoted(review):
    faults(read(review, 0.9, [(JOY, 1.0), (ASIDE, -2.0)]))
    assert quoted(review) == {"+": JOY}


def test_where_people_decided_otherwise_than_the_critic_only_what_judges_an_aspect_is_quoted(review):
    faults(read(review, 0.1, [(JOY, -1.0), (DRAG, -0.5)]))
    assert quoted(review) == {"-": JOY}
    relabel([review.pk], "positive", source="admin")
    assert quoted(review) == {"-": DRAG}


def test_a_mark_is_quoted_for_what_it_says_whatever_its_share(review):
    review = read(review, 0.9, [(JOY, 2.0), (DRAG, 1.0)])
    score = review.reading.score
    score.sentences[1] |= {"sign": "-", "effect": -0.3}
    score.save()
    faults(review)
    assert quoted(review) == {"+": JOY, "-": DRAG}


def test_what_is_said_against_a_reviews_own_verdict_is_quoted_last():
    movie = make_movie()
    for n, (positive, shares) in enumerate([(0.9, [(JOY, 3.0), (DRAG, -2.0)]), (0.1, [(ASIDE, -0.5), (DRAG, -1.0)])]):
        faults(read(make_review(movie, make_member(f"m{n}"), text=TEXT), positive, shares))
    listed = MovieSentiment.objects.get(pk=movie.pk).criticism
    assert [Highlight.objects.get(pk=pk).weight for pk in listed] == pytest.approx([0.4, 0.8])


def test_the_quotes_of_reviews_whose_verdict_is_surer_come_first():
    movie = make_movie()
    for n, (positive, share) in enumerate([(0.62, 3.0), (0.95, 1.0)]):
        read(make_review(movie, make_member(f"m{n}"), text=TEXT), positive, [(JOY, share)])
    first, _ = MovieSentiment.objects.get(pk=movie.pk).praise
    assert Highlight.objects.get(pk=first).review.author.username == "m1"


@pytest.mark.parametrize(("positive", "quotes"), [(0.3, 0), (0.2, 0), (0.1, 1)])
def test_a_verdict_against_most_of_its_film_is_quoted_only_where_it_is_surer(positive, quotes):
    movie = make_movie()
    for n in range(8):
        read(make_review(movie, make_member(f"m{n}"), text=TEXT), 0.9, [(JOY, 1.0)])
    review = read(make_review(movie, make_member("other"), text=TEXT), positive, [(DRAG, -1.0)])
    found = MovieSentiment.objects.get(pk=movie.pk)
    assert len(found.criticism) == quotes
    assert len(found.praise) == 8
    relabel([review.pk], "negative", source="admin")
    assert len(MovieSentiment.objects.get(pk=movie.pk).criticism) == 1, "people are sure"


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
