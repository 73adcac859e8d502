"""The shelves of the home page: each film on one has what its heading says."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tests.makers import make_member, make_movie, make_review, read
from textflix.movies.home import shelves
from textflix.movies.models import Movie
from textflix.reviews.models import Review

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("empty_cache")]


def film(slug, positive=0, negative=0, unread=0, days=100):
    movie = make_movie(slug, title=slug)
    for n, share in enumerate([0.9] * positive + [0.1] * negative + [None] * unread):
        review = make_review(movie, make_member(f"{slug}{n}"))
        if share is not None:
            read(review, share)
    Review.objects.filter(movie=movie).update(written_at=timezone.now() - timedelta(days=days))
    return movie


def on(title):
    return [movie.title for shelf in shelves() if shelf.title == title for movie in shelf.films]


def test_films_that_nobody_has_judged_are_loved_by_nobody():
    film("unread", unread=2)
    film("hated", negative=6)
    film("loved", positive=6)
    assert on("Most loved") == ["loved"]


def test_the_month_counts_what_most_liked_lately():
    film("split", positive=1, negative=2, days=3)
    film("old", positive=9, days=90)
    film("liked", positive=3, days=3)
    assert on("Most loved this month") == ["liked"]
    assert on("Most loved") == []


def test_what_is_divisive_has_many_on_both_sides():
    film("agreed", positive=12)
    film("two", positive=1, negative=1)
    film("divisive", positive=6, negative=6)
    assert on("Most divisive") == ["divisive"]


def test_a_hidden_gem_has_few_reviews_and_is_surely_liked():
    film("one", positive=1)
    film("gem", positive=8)
    film("known", positive=25)
    assert on("Hidden gems") == ["gem"]


def test_the_newest_reviews_lead_to_their_films_once():
    film("older", positive=2, days=20)
    film("newer", unread=2, days=1)
    assert on("Newly reviewed") == ["newer", "older"]


def test_films_that_the_catalogue_does_not_know_are_on_none():
    Movie.objects.filter(pk=film("unlisted", positive=9, days=3).pk).update(listed=False)
    assert shelves() == []
