"""What takes two thousand reviews along goes at once: one refresh, and no query for each of them."""

import itertools
import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from sentiment.bulk.reviews import Row, import_rows
from sentiment.models import AspectMention, Dispute, Judgement, ModelVersion, MovieSentiment, Reading, Score
from sentiment.versions.promotion import promote
from sentiment.worker.scorers import Chosen
from sentiment.worker.scoring import claim, store
from tests.load.generator import prediction
from tests.makers import TEXT, make_member, make_movie, make_review, read
from textflix.members.models import User
from textflix.movies.models import Movie
from textflix.reviews.changes import reviews_changed
from textflix.reviews.models import Review

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("nothing_is_off")]

FEW, MANY = 20, 2_000
FOR_EACH_HUNDRED = 3
"""Django deletes by hundreds of ids."""
REFRESH = "INSERT INTO sentiment_moviesentiment (movie_id)"
_starts = itertools.count(1, MANY + 1)
Delete = Callable[[Client, Movie, User], object]


def through_the_admin(client: Client, path: str, **form: Any) -> None:
    assert client.post(f"/admin/{path}", {"post": "yes", **form}).status_code == 302


FILM: dict[str, Delete] = {
    "itself": lambda client, film, member: film.delete(),
    "a query set": lambda client, film, member: Movie.objects.filter(pk=film.pk).delete(),
    "its reviews alone": lambda client, film, member: Review.objects.filter(movie=film).delete(),
    "the admin's page": lambda client, film, member: through_the_admin(client, f"movies/movie/{film.pk}/delete/"),
    "the admin's list": lambda client, film, member: through_the_admin(
        client, "movies/movie/", action="delete_selected", _selected_action=[film.pk]
    ),
}
MEMBER: dict[str, Delete] = {
    "itself": lambda client, film, member: member.delete(),
    "a query set": lambda client, film, member: User.objects.filter(pk=member.pk).delete(),
    "the admin's page": lambda client, film, member: through_the_admin(client, f"members/user/{member.pk}/delete/"),
}


@pytest.fixture
def boss(client: Client) -> Client:
    client.force_login(make_member("boss", is_staff=True, is_superuser=True))
    return client


@pytest.fixture
def told() -> Iterator[list[set[int]]]:
    """The films of each signal that reviews have changed."""
    sent: list[set[int]] = []

    def listen(films: set[int], **_: object) -> None:
        sent.append(set(films))

    reviews_changed.connect(listen)
    yield sent
    reviews_changed.disconnect(listen)


def scored(count: int, *, of_film: bool) -> tuple[Movie, User]:
    """A film with so many reviews, or a member with as many, all of them read."""
    start = next(_starts)
    film, member = make_movie(f"much-reviewed-{start}"), make_member(f"busy-{start}")
    others = [User(username=f"other-{start}-{n}", email=f"{start}-{n}@example.org") for n in range(count)]
    films = [Movie(imdb_id=f"tt{9_000_000 + start + n}", slug=f"f-{start}-{n}", title=f"F{n}") for n in range(count)]
    places = (
        [(film.imdb_id, user.pk) for user in User.objects.bulk_create(others)]
        if of_film
        else [(movie.imdb_id, member.pk) for movie in Movie.objects.bulk_create(films)]
    )
    count_rows()
    texts = [f"{TEXT} The music is fine. {start} {n}" for n in range(count)]
    rows = [
        Row(imdb_id, f"{start}/{n}", texts[n], author_id=author, label="positive")
        for n, (imdb_id, author) in enumerate(places)
    ]
    import_rows(rows, source="file", label_source="imported")
    count_rows()
    version, _ = ModelVersion.objects.get_or_create(name="v", fingerprint="0" * 64, method="probe", layers=1, labels=0)
    promote(version, reason="the first")
    chance = random.Random(1)
    while claimed := claim(version, count):
        store(Chosen(version, version), claimed, [prediction(item.text, chance) for item in claimed])
    count_rows()
    return film, member


def count_rows() -> None:
    """Let the database know how many rows there are: in a test's one transaction nothing else tells it."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def queries(act: Callable[[], object]) -> list[str]:
    connection.queries_log.clear()
    with CaptureQueriesContext(connection) as asked:
        act()
    return [each["sql"] for each in asked]


@pytest.mark.parametrize(
    ("delete", "of_film"),
    [pytest.param(way, True, id=f"film: {name}") for name, way in FILM.items()]
    + [pytest.param(way, False, id=f"member: {name}") for name, way in MEMBER.items()],
)
def test_two_thousand_reviews_are_deleted_by_one_refresh(
    boss: Client, told: list[set[int]], delete: Delete, of_film: bool
) -> None:
    few = scored(FEW, of_film=of_film)
    asked_of_few = queries(lambda: delete(boss, *few))
    many = scored(MANY, of_film=of_film)
    films = set(Review.objects.values_list("movie_id", flat=True))
    told.clear()
    asked = queries(lambda: delete(boss, *many))
    assert told == [films]
    assert len([sql for sql in asked if REFRESH in sql]) == len([sql for sql in asked_of_few if REFRESH in sql])
    assert len(asked) - len(asked_of_few) <= FOR_EACH_HUNDRED * MANY / 100
    left = [model.__name__ for model in (Review, Reading, Score, AspectMention, Judgement) if model.objects.exists()]
    assert left == []
    assert not MovieSentiment.objects.filter(reviews__gt=0).exists()


@pytest.mark.parametrize("of_film", [True, False])
def test_the_admin_says_how_much_leaves_in_a_small_page(boss: Client, of_film: bool) -> None:
    few, many = scored(FEW, of_film=of_film), scored(MANY, of_film=of_film)
    pages = [f"/admin/{f'movies/movie/{m.pk}' if of_film else f'members/user/{u.pk}'}/delete/" for m, u in (few, many)]
    boss.get(pages[0])
    asked = [len(queries(lambda path=path: boss.get(path))) for path in pages]
    assert asked[0] == asked[1] <= 15
    page = boss.get(pages[1]).content.decode()
    assert "<li>Reviews: 2000</li>" in page
    assert len(page) < 10_000


def test_the_admin_lets_nobody_delete_reviews_along_with_a_film_who_may_not_delete_them(client: Client) -> None:
    film = make_review(author=make_member()).movie
    staff = make_member("staff", is_staff=True)
    staff.user_permissions.add(*_permissions("view_movie", "delete_movie"))
    client.force_login(staff)
    assert "permission to delete" in client.get(f"/admin/movies/movie/{film.pk}/delete/").content.decode()
    assert client.post(f"/admin/movies/movie/{film.pk}/delete/", {"post": "yes"}).status_code == 403
    assert Movie.objects.exists()
    staff.user_permissions.add(*_permissions("delete_review"))
    assert client.post(f"/admin/movies/movie/{film.pk}/delete/", {"post": "yes"}).status_code == 302
    assert not Movie.objects.exists()


def _permissions(*names: str) -> list[Any]:
    return list(Permission.objects.filter(codename__in=names))


def test_a_member_who_disputed_a_verdict_can_be_deleted(boss: Client) -> None:
    review, reader = read(make_review(author=make_member()), 0.9), make_member("reader")
    Dispute.objects.create(review=review, digest=review.digest, verdict="positive", by=reader, reason="Not so at all.")
    through_the_admin(boss, f"members/user/{reader.pk}/delete/")
    assert not User.objects.filter(pk=reader.pk).exists()
    assert not Dispute.objects.exists()
    assert Review.objects.exists()
