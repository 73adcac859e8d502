"""The shelves of the home page: each film on one has what its heading says."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from tests.makers import make_movie
from textflix.movies.models import Movie, SiteFigures
from textflix.pages import site_figures
from textflix.pages.shelves import FILMS_ON_SHELF, shelves

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("empty_cache")]


@pytest.fixture
def review(judge):
    """Give a film so many reviews of this age."""

    def review(movie, days, **counts):
        judge(movie, **counts)
        movie.reviews.filter(written_at=None).update(written_at=timezone.now() - timedelta(days=days))

    return review


@pytest.fixture
def film(review):
    def make(slug, days=100, **counts):
        movie = make_movie(slug, title=slug)
        review(movie, days, **counts)
        return movie

    return make


def found():
    """The shelves once a sweep has been over what has happened."""
    site_figures.renew()
    return shelves(SiteFigures.current().month_loved)


def on(title):
    return [movie.title for shelf in found() if shelf.title == title for movie in shelf.films]


def test_films_that_nobody_has_judged_are_loved_by_nobody(film):
    film("unread", unread=2)
    film("hated", negative=6)
    film("loved", positive=6)
    assert on("Most loved") == ["loved"]


def test_the_month_counts_loved_films_that_most_liked_lately(film, review):
    split = film("split", negative=8, days=90)
    review(split, 1, positive=9)
    names = [film(f"liked {n}", positive=5 + n, days=3).title for n in range(4)]
    turned = film("turned", positive=14, days=90)
    review(turned, 1, negative=3)
    assert on("Most loved this month") == names[::-1]
    assert on("Most loved") == []


def test_a_month_that_does_not_fill_the_row_leaves_it_to_all_time(film):
    film("liked", positive=6, days=3)
    film("old", positive=9, days=90)
    assert on("Most loved this month") == []
    assert on("Most loved") == ["old", "liked"]


@pytest.mark.parametrize(("days", "shelf"), [(3, "Most loved this month"), (90, "Most loved")])
def test_what_is_called_loved_is_called_so_on_its_own_page(client, film, days, shelf):
    for n, (positive, negative) in enumerate([(5, 0), (9, 1), (6, 0), (5, 0), (4, 0), (7, 3), (4, 2)]):
        film(f"film-{n}", positive=positive, negative=negative, days=days)
    loved = on(shelf)
    assert len(loved) == FILMS_ON_SHELF
    for slug in loved:
        assert '<p class="say">Loved:' in client.get(f"/film/{slug}/").content.decode(), slug


def test_what_is_divisive_has_many_on_both_sides(film):
    film("agreed", positive=12)
    film("two", positive=1, negative=1)
    film("divisive", positive=6, negative=6)
    assert on("Most divisive") == ["divisive"]


def test_a_hidden_gem_has_few_reviews_and_is_surely_liked(film):
    film("one", positive=1)
    film("gem", positive=8)
    film("known", positive=20, negative=4)
    for n in range(FILMS_ON_SHELF):
        film(f"above {n}", positive=9, days=1)
    assert on("Hidden gems") == ["gem"]


def test_no_gem_is_hidden_that_stands_above(film):
    for n in range(FILMS_ON_SHELF + 2):
        film(f"loved {n}", positive=5)
    for n in range(FILMS_ON_SHELF):
        film(f"new {n}", unread=1, days=1)
    assert on("Most loved") == [f"loved {n}" for n in range(FILMS_ON_SHELF)]
    assert on("Hidden gems") == ["loved 4", "loved 5"]


def test_the_newest_reviews_lead_to_their_films_once(film):
    film("older", positive=2, days=20)
    film("newer", unread=2, days=1)
    assert on("Newly reviewed") == ["newer", "older"]


def test_films_that_the_catalogue_does_not_know_are_on_none(film):
    Movie.objects.filter(pk=film("unlisted", positive=9, days=3).pk).update(listed=False)
    assert found() == []


def test_what_all_reviews_come_to_is_kept_and_renewed_by_a_sweep(client, film, django_assert_num_queries):
    assert "every review is read," in client.get("/").content.decode()
    film("loved", positive=6, unread=2)
    site_figures.renew()
    page = client.get("/").content.decode()
    assert "All reviews: 100% positive" in page
    assert "2 reviews still being read." in page
    with django_assert_num_queries(5):  # the row, its lock, the revision, and a savepoint's two
        site_figures.renew()


def test_the_month_is_one_of_whole_days(film):
    """So that a page which was made today is right until tomorrow."""
    names = [film(f"liked {n}", positive=5 + n, days=30).title for n in range(4)]
    with time_machine.travel(timezone.now().replace(hour=23, minute=59)):
        assert on("Most loved this month") == names[::-1]
    with time_machine.travel(timezone.now() + timedelta(days=2)):
        assert on("Most loved this month") == []
