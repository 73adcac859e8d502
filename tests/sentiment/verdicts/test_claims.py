"""What is claimed of a film: only what its counts surely say, with the counts, and no sentence told twice."""

import re
from collections import Counter

import pytest

from sentiment.models import Judgement, MovieAspect, MovieSentiment
from sentiment.pages.why import place_of, why
from sentiment.verdicts.aggregates import refresh
from sentiment.verdicts.effective import settle
from tests.makers import make_member, make_movie, make_review, read
from textflix.movies.models import Movie

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("nothing_is_off")]

FIRST, SECOND = "Warm and funny from start to finish.", "Nobody in it can act to save their life."
TEXT = f"{FIRST} {SECOND}"


def film(judged, *, positive=0, negative=0):
    """A film whose reviews judge aspects ({aspect: (praise, criticism)}), with so many more that judge none."""
    movie = make_movie()
    opinions = [
        (aspect, good)
        for aspect, counts in judged.items()
        for good, n in zip((0.9, 0.1), counts, strict=True)
        for _ in range(n)
    ]
    opinions += [("", 0.9)] * positive + [("", 0.1)] * negative
    for member, (aspect, good) in enumerate(opinions):
        review = read(make_review(movie, make_member(f"m{member}"), text=TEXT), good)
        if aspect:
            place = {"start": 0, "end": len(FIRST)} if good > 0.5 else {"start": len(FIRST) + 1, "end": len(TEXT)}
            review.reading.score.mentions.create(aspect=aspect, positive=good, **place)
            settle([review.pk])
    refresh([movie.pk])
    return Movie.objects.select_related("sentiment").get(pk=movie.pk)


def said(client):
    html = client.get("/film/rear-window/").content.decode().split('class="say"')[1].split("</p>")[0]
    return " ".join(re.sub(r"<[^>]+>", "", html.split(">", 1)[1]).split()).replace(" .", ".").replace(" ,", ",")


@pytest.mark.parametrize(
    ("praise", "criticism", "side"),
    [
        (3, 0, ""),
        (2, 1, ""),
        (4, 0, "praised"),
        (4, 1, ""),
        (6, 1, ""),
        (7, 1, "praised"),
        (1, 7, "faulted"),
        (9, 3, ""),
    ],
)
def test_an_aspect_is_claimed_where_four_judge_it_and_surely_more_than_half_agree(praise, criticism, side):
    film({"acting": (praise, criticism)})
    assert MovieAspect.objects.get().side == side


def test_a_claim_says_of_how_many(client):
    film({"acting": (9, 1), "pacing": (0, 5)})
    assert said(client) == "Probably liked: 9 positive, 6 negative. 9 of 10 praise its acting, 5 of 5 fault its pacing."


def test_of_two_aspects_the_surer_is_claimed(client):
    film({"acting": (4, 0), "music": (9, 1)})
    assert "9 of 10 praise its music." in said(client)


def test_a_film_of_which_it_is_too_early_to_tell_is_claimed_nothing_of(client):
    film({"acting": (4, 0)})
    assert said(client) == "Too few to tell: 4 positive, 0 negative."


def test_a_loved_film_is_not_introduced_by_a_fault_alone(client):
    movie = film({"ending": (0, 4)}, positive=30)
    assert said(client) == "Loved: 30 positive, 4 negative."
    assert MovieSentiment.objects.get(pk=movie.pk).faulted == ""


def test_a_loved_film_has_its_praise_before_its_fault(client):
    film({"ending": (0, 4), "acting": (5, 0)}, positive=30)
    assert said(client) == "Loved: 35 positive, 4 negative. 5 of 5 praise its acting, 4 of 4 fault its ending."


def test_a_film_that_is_not_loved_may_be_faulted_alone(client):
    film({"ending": (0, 4)}, positive=4)
    assert said(client) == "Divided: 4 positive, 4 negative. 4 of 4 fault its ending."


def test_no_sentence_is_told_under_two_aspects_or_in_two_sections(client):
    movie = make_movie()
    texts = [
        "The acting and the music are a delight.",
        "The music is dreary and so is the story.",
        "I adored every last minute of it.",
    ]
    for number, text in enumerate(texts * 3):
        review = make_review(
            movie, make_member(f"m{number}"), text=f"{text} I saw it in house number {number} with friends."
        )
        good = 0.9 if number % 3 != 1 else 0.1
        review = read(review, good, [(text, 2.0 if good > 0.5 else -2.0)])
        for aspect in ("acting", "music", "story")[number % 3 : number % 3 + 2] if number % 3 < 2 else ():
            review.reading.score.mentions.create(aspect=aspect, start=0, end=len(text), positive=good)
        settle([review.pk])
    refresh([movie.pk])
    shown = why(Movie.objects.select_related("sentiment").get(pk=movie.pk))
    told = [side.told.sentence for row in shown.rows for side in (row.praise, row.criticism) if side.told]
    told += [quote.sentence for quote in (*shown.praise, *shown.criticism)]
    assert sorted(told) == sorted(texts)
    # A mark that is told nowhere in words still opens its sentence.
    page = client.get("/film/rear-window/").content.decode()
    places = Counter(place_of(judgement) for judgement in Judgement.objects.filter(aspect="music"))
    assert all(page.count(place) >= count for place, count in places.items())
