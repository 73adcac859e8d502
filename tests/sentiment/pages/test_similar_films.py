"""Films like another, by what reviews say of them and by who liked them."""

import pytest

from sentiment.models import MovieAspect, MovieSentiment
from sentiment.pages import similar_films
from sentiment.pages.similar_films import similar
from tests.makers import make_member, make_movie, make_review, read
from textflix.movies import revisions

pytestmark = pytest.mark.django_db


def say(movie, *, reviews=6, **sides):
    MovieSentiment.objects.update_or_create(movie=movie, defaults={"reviews": reviews})
    for aspect, side in sides.items():
        MovieAspect.objects.create(
            movie=movie, aspect=aspect, side=side, positive=3, negative=3,
            praise=[], criticism=[], praise_low=0, criticism_low=0,
        )  # fmt: skip


def test_agreement_counts_and_disagreement_takes_away():
    film, like, less, unlike = (make_movie(name, title=name) for name in ("film", "like", "less", "unlike"))
    say(film, acting="praised", music="praised", story="faulted")
    say(like, acting="praised", music="praised", story="faulted")
    say(less, acting="praised", music="praised", story="praised", pacing="praised")
    say(unlike, acting="faulted", music="praised", story="faulted")
    assert similar(film).by_aspects == [(like, 3)]
    say(less, ending="")
    assert similar(less).by_aspects == []


def test_of_many_films_those_with_most_reviews_are_compared(monkeypatch):
    film, known, obscure = (make_movie(name, title=name) for name in ("film", "known", "obscure"))
    for movie, reviews in ((film, 5), (known, 9), (obscure, 4)):
        say(movie, reviews=reviews, acting="praised", music="praised")
    assert similar(film).by_aspects == [(known, 2), (obscure, 2)]
    monkeypatch.setattr(similar_films, "BEST_KNOWN", 2)
    revisions.moved()
    assert similar(film).by_aspects == [(known, 2)]


def test_people_who_liked_both_count_and_those_who_did_not_like_one_do_not():
    film, both, half = (make_movie(name, title=name) for name in ("film", "both", "half"))
    for n in range(3):
        fan = make_member(f"fan{n}")
        read(make_review(film, fan), 0.9)
        read(make_review(both, fan), 0.9)
        read(make_review(half, fan), 0.9 if n == 0 else 0.1)
    read(make_review(half, make_member("stranger")), 0.9)
    assert similar(film).by_people == [(both, 3), (half, 1)]


def test_a_page_of_its_own_and_a_part_of_the_films(client):
    film = make_movie()
    assert 'hx-get="/film/rear-window/similar/"' in client.get("/film/rear-window/").content.decode()
    whole = client.get("/film/rear-window/similar/").content.decode()
    part = client.get("/film/rear-window/similar/", headers={"HX-Request": "true"}).content.decode()
    assert "<html" in whole
    assert "<html" not in part
    assert "No film is known to be like it yet" in part
    assert client.get("/film/nowhere/similar/").status_code == 404
    assert str(film) in whole


def test_queries_do_not_grow(client, django_assert_max_num_queries):
    film = make_movie("film", title="film")
    say(film, acting="praised", music="praised")
    for n in range(8):
        other = make_movie(f"other{n}", title=f"Other {n}")
        say(other, acting="praised", music="praised")
        read(make_review(other, make_member(f"m{n}")), 0.9)
    with django_assert_max_num_queries(8):
        client.get("/film/film/similar/")


def test_films_that_the_catalogue_does_not_know_crowd_out_nobody():
    film = make_movie("film", title="film")
    unlisted = [make_movie(f"u{n}", title=f"u{n}", listed=False) for n in range(6)]
    listed = make_movie("listed", title="listed")
    fan = make_member("fan")
    for movie in (film, *unlisted, listed):
        read(make_review(movie, fan), 0.9)
        say(movie, acting="praised", music="praised")
    assert similar(film).by_aspects == [(listed, 2)]
    assert similar(film).by_people == [(listed, 1)]
