"""However reviews change, films say what is true when the transaction ends, and are told once."""

from contextlib import suppress

import pytest
from django.db import connection
from django.db.models import Value
from django.db.models.functions import Concat
from django.test.utils import CaptureQueriesContext

from sentiment.models import MovieSentiment, Reading
from tests.makers import TEXT, make_member, make_movie, make_review, read
from textflix.members.models import User
from textflix.movies.models import Movie
from textflix.reviews.changes import changing, reviews_changed
from textflix.reviews.models import Review

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("nothing_is_off")]


@pytest.fixture
def told():
    """What was sent: the reviews and films of each signal."""
    sent = []

    def listen(reviews, films, **_):
        sent.append((list(reviews), set(films)))

    reviews_changed.connect(listen)
    yield sent
    reviews_changed.disconnect(listen)


def counted(movie):
    return MovieSentiment.objects.get(pk=movie.pk).reviews


def many(films, reviews):
    """So many reviews of so many films, written in bulk as an import does."""
    start = Movie.objects.count()
    made = Movie.objects.bulk_create(
        Movie(imdb_id=f"tt{start + n:07}", slug=f"many-{start + n}", title=f"Film {n}") for n in range(films)
    )
    with changing() as changes:
        written = Review.objects.bulk_create(
            Review(movie=made[n % films], text=f"{TEXT} {start} {n}", source="file", external_id=f"{start}/{n}")
            for n in range(reviews)
        )
        changes.reviews.update(review.pk for review in written)
    return made, [review.pk for review in written]


def change(ids, **fields):
    """Change these reviews in bulk; returns how many queries that and all that follows from it cost."""
    with CaptureQueriesContext(connection) as queries, changing() as changes:
        taken = changes.take(Review.objects.filter(pk__in=ids))
        Review.objects.filter(pk__in=taken).update(**fields)
    return len(queries)


def test_two_thousand_reviews_of_three_hundred_films_cost_as_many_queries_as_twenty():
    films, ids = many(300, 2_000)
    _, few = many(2, 20)
    Reading.objects.update(live=False)
    assert {counted(film) for film in films} == {6, 7}
    assert Reading.objects.filter(version=None).count() == 2_020
    edited = {"text": Concat("text", Value(" And one more thing."))}
    assert change(ids, **edited) == change(few, **edited)
    assert change(ids, hidden=True) == change(few, hidden=True)
    assert {counted(film) for film in films} == {0}


def test_a_bulk_change_takes_no_longer_where_the_database_thinks_its_tables_empty():
    tables = ("reviews_review", "movies_movie", "sentiment_reading", "sentiment_moviesentiment", "sentiment_highlight")
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(
                "SELECT pg_restore_relation_stats('schemaname', 'public', 'relname', %s, 'relpages', 100,"
                " 'reltuples', 1::real)",
                [table],
            )
        cursor.execute("SET LOCAL statement_timeout = '10s'")
    films, ids = many(300, 2_000)
    change(ids, hidden=True)
    assert {counted(film) for film in films} == {0}


def test_it_is_told_once_with_all_reviews_and_the_films_they_left(told):
    here, there = make_movie("here"), make_movie("there")
    stays, moves, goes = (make_review(here, make_member(name)) for name in ("ada", "bob", "cy"))
    told.clear()
    with changing():
        stays.text = f"{TEXT} Twice."
        stays.save()
        moves.movie = there
        moves.save()
        goes.delete()
    assert told == [([stays.pk, moves.pk], {here.pk})]
    assert (counted(here), counted(there)) == (1, 1)


def test_a_block_within_another_is_part_of_it(told):
    movie = make_movie()
    with changing():
        with changing():
            make_review(movie, make_member("ada"))
        make_review(movie, make_member("bob"))
        assert told == []
    assert len(told) == 1
    assert counted(movie) == 2


def test_a_single_save_is_noticed_by_itself(told):
    review = make_review(author=make_member())
    assert told == [([review.pk], set())]
    review.hidden = True
    review.save()
    assert counted(review.movie) == 0


def test_what_is_rolled_back_is_not_told(told):
    movie = make_movie()
    with suppress(RuntimeError), changing():
        make_review(movie, make_member())
        raise RuntimeError
    assert told == []
    assert not MovieSentiment.objects.filter(movie=movie).exists()
    make_review(movie, make_member("bob"))
    assert counted(movie) == 1


@pytest.mark.parametrize("whole", [True, False])
def test_a_member_takes_all_their_reviews_along_and_that_is_told_once(told, whole):
    author = make_member("ada")
    films = [make_movie(f"film-{n}") for n in range(3)]
    for film in films:
        read(make_review(film, author), 0.9, [(TEXT, 1.0)])
        make_review(film, make_member(f"other-{film.pk}"))
    told.clear()
    (author if whole else User.objects.filter(pk=author.pk)).delete()
    assert told == [([], {film.pk for film in films})]
    assert [counted(film) for film in films] == [1, 1, 1]


def test_a_film_that_is_deleted_takes_its_reviews_and_figures_along():
    review = read(make_review(author=make_member()), 0.9, [(TEXT, 1.0)])
    review.movie.delete()
    assert not any(model.objects.exists() for model in (Review, Reading, MovieSentiment))


def test_several_reviews_that_staff_delete_are_told_once(told, client):
    movie = make_movie()
    ids = [make_review(movie, make_member(name)).pk for name in ("ada", "bob", "cy")]
    client.force_login(make_member("boss", is_staff=True, is_superuser=True))
    told.clear()
    asked = {"action": "delete_selected", "_selected_action": ids[:2], "post": "yes"}
    assert client.post("/admin/reviews/review/", asked).status_code == 302
    assert told == [([], {movie.pk})]
    assert counted(movie) == 1


def test_loading_reviews_costs_nothing_beside_the_query(django_assert_num_queries):
    many(1, 10)
    with django_assert_num_queries(1):
        assert len(Review.objects.only("text")) == 10


@pytest.mark.django_db(transaction=True)
def test_workers_are_woken_once_when_it_is_there(monkeypatch):
    woken = []
    monkeypatch.setattr("sentiment.wakeup.wake", woken.append)
    movie = make_movie()
    with changing():
        for name in ("ada", "bob"):
            make_review(movie, make_member(name))
        assert woken == []
    assert woken == ["sentiment.score_pending"]


def test_what_nobody_waits_for_is_read_after_what_people_wait_for():
    movie = make_movie()
    with changing(awaited=False):
        make_review(movie, make_member("ada"))
    make_review(movie, make_member("bob"))
    assert list(Reading.objects.order_by("pk").values_list("live", flat=True)) == [False, True]


def test_several_members_who_are_deleted_take_their_reviews_in_one_order(told):
    films = [make_movie(f"film-{n}") for n in range(3)]
    members = [make_member(name) for name in ("ada", "bob")]
    for film in films:
        for member in members:
            make_review(film, member)
    told.clear()
    with CaptureQueriesContext(connection) as queries:
        User.objects.filter(pk__in=[member.pk for member in members]).delete()
    locks = [each["sql"] for each in queries if "FROM reviews_review" in each["sql"] and "FOR UPDATE" in each["sql"]]
    assert len(locks) == 1
    assert told == [([], {film.pk for film in films})]
