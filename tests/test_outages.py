"""Where the database does not serve a page, the answer says so, says when to come back, and keeps what was written."""

import json
import logging
import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest
from django.conf import settings
from django.db import connection, connections
from django.test import Client, RequestFactory
from django.utils.log import CallbackFilter

from tests.makers import TEXT, make_member, make_movie, make_review, read
from tests.test_house import python
from textflix.middleware import RETRY_SECONDS
from textflix.movies.models import Movie
from textflix.reviews.models import Review

NEW = f"{TEXT} Written while somebody else held the film."


@contextmanager
def locked(statement: str, *values: int) -> Iterator[None]:
    """Another session holds what this statement locks, and this one waits for it less long than a page would."""
    other = connections.create_connection("default")
    try:
        with other.cursor() as elsewhere, connection.cursor() as cursor:
            elsewhere.execute("BEGIN")
            elsewhere.execute(statement, values)
            cursor.execute("SET lock_timeout = '50ms'")
            yield
            cursor.execute("RESET lock_timeout")
    finally:
        other.close()


def held(movie: Movie) -> AbstractContextManager[None]:
    return locked("SELECT 1 FROM sentiment_moviesentiment WHERE movie_id = %s FOR UPDATE", movie.pk)


@pytest.fixture
def member(client: Client):
    client.force_login(member := make_member())
    return member


def kept(answer) -> str:
    """What a page holds in the field for the text."""
    return re.search(r'<textarea name="(?:text|reason)"[^>]*>\s*([^<]*)</textarea>', answer.content.decode())[1]


def assert_later(answer) -> None:
    assert answer.status_code == 503
    assert answer["Retry-After"] == str(RETRY_SECONDS)


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("nothing_is_off")
class TestAFilmThatSomebodyHolds:
    @pytest.fixture
    def movie(self) -> Movie:
        make_review(movie := make_movie(), make_member("author"))
        return movie

    def test_a_post_comes_back_with_all_that_was_written(self, client: Client, member, movie: Movie, caplog) -> None:
        with held(movie):
            answer = client.post(f"/film/{movie.slug}/review/", {"text": NEW, "stars": "7", "spoiler": "on"})
            assert_later(answer)
        page = answer.content.decode()
        assert (kept(answer), "could not be saved just now" in page) == (NEW, True)
        assert '<option value="7" selected>' in page
        assert 'name="spoiler" id="id_spoiler" checked' in page
        assert "not saved: canceling statement due to lock timeout" in caplog.messages
        assert client.post(f"/film/{movie.slug}/review/", {"text": NEW}).status_code == 302

    def test_an_edit_does_too(self, client: Client, member, movie: Movie) -> None:
        own = make_review(movie, member)
        with held(movie):
            answer = client.post(f"/review/{own.pk}/edit/", {"text": NEW})
            assert_later(answer)
        assert kept(answer) == NEW
        assert Review.objects.get(pk=own.pk).text == TEXT

    def test_a_deletion_changes_nothing_and_can_be_asked_for_again(self, client: Client, member, movie: Movie) -> None:
        own = make_review(movie, member)
        client.raise_request_exception = False
        with held(movie):
            answer = client.post(f"/review/{own.pk}/delete/")
            assert_later(answer)
        assert "What you sent was not saved" in answer.content.decode()
        assert client.post(f"/review/{own.pk}/delete/").status_code == 302

    def test_a_dispute_keeps_its_reason(self, client: Client, member, movie: Movie) -> None:
        review = read(movie.reviews.get(), 0.9)
        with locked("LOCK TABLE sentiment_dispute IN SHARE MODE"):
            answer = client.post(f"/review/{review.pk}/dispute/", {"reason": "It was meant as a joke."})
            assert_later(answer)
        assert kept(answer) == "It was meant as a joke."

    def test_a_text_to_try_is_kept(self, client: Client, db) -> None:
        with locked("LOCK TABLE sentiment_scorerequest IN SHARE MODE"):
            answer = client.post("/critic/try/", {"text": NEW})
            assert_later(answer)
        assert kept(answer) == NEW

    def test_staff_are_told_too(self, movie: Movie, client: Client) -> None:
        client.force_login(make_member("boss", is_staff=True, is_superuser=True))
        client.raise_request_exception = False
        with held(movie):
            selected = {"action": "label_negative", "_selected_action": movie.reviews.get().pk}
            assert_later(client.post("/admin/reviews/review/", selected))


VISIT = """
import json, sys
import django
django.setup()
from django.conf import settings
from django.test import Client

settings.ALLOWED_HOSTS = ["testserver"]
client = Client(raise_request_exception=False)
client.cookies[settings.SESSION_COOKIE_NAME] = "somebody-who-was-signed-in"
answers = {
    "read": client.get("/films/"),
    "health": Client().get("/healthz"),
    "write": client.post("/film/rear-window/review/", {"text": sys.argv[1], "stars": "7"}),
    "delete": client.post("/review/1/delete/"),
    "sign in": client.post("/accounts/login/", {"login": "ada", "password": "a secret of hers"}),
}
print(json.dumps({name: [a.status_code, a.get("Retry-After"), a.content.decode()] for name, a in answers.items()}))
"""


@pytest.fixture(scope="module")
def without_a_database() -> dict[str, tuple[int, str | None, str]]:
    """What the site answers, in a process of its own, where nothing listens at the database's address."""
    done = python("-c", VISIT, f"{NEW} <b>", DATABASE_URL="postgres://nobody@127.0.0.1:1/none")
    assert done.returncode == 0, done.stderr
    return {name: tuple(answer) for name, answer in json.loads(done.stdout.splitlines()[-1]).items()}


class TestWithoutADatabase:
    def test_every_page_says_when_to_come_back_and_the_process_is_healthy(self, without_a_database) -> None:
        codes = {name: answer[:2] for name, answer in without_a_database.items()}
        assert codes.pop("health") == (200, None)
        assert set(codes.values()) == {(503, str(RETRY_SECONDS))}
        assert "reload the page" in without_a_database["read"][2]
        assert "What you sent was not saved" in without_a_database["delete"][2]

    def test_what_was_written_is_in_a_form_that_can_be_sent_again(self, without_a_database) -> None:
        page = without_a_database["write"][2]
        assert f"{NEW} &lt;b&gt;</textarea>" in page
        assert '<input type="hidden" name="stars" value="7">' in page
        assert 'name="csrfmiddlewaretoken"' in page

    def test_no_page_repeats_a_password(self, without_a_database) -> None:
        assert "a secret of hers" not in without_a_database["sign in"][2]


def test_what_readyz_answers_is_not_logged_and_what_a_page_fails_with_is() -> None:
    (keeps,) = (CallbackFilter(each["callback"]) for each in settings.LOGGING["filters"].values())

    def record(path: str) -> logging.LogRecord:
        return logging.makeLogRecord({"status_code": 503, "request": RequestFactory().get(path)})

    assert not keeps.filter(record("/readyz"))
    assert keeps.filter(record("/film/rear-window/review/"))
    assert keeps.filter(logging.makeLogRecord({"msg": "of no request"}))


@pytest.mark.parametrize(
    ("process", "bounds"),
    [("textflix.wsgi", ("5s", "2s", "10s")), ("textflix.celery", ("30s", "5s", "10s")), ("json", ("0", "0", "0"))],
)
def test_pages_and_workers_wait_and_hold_rows_for_a_bounded_time(process: str, bounds: tuple[str, ...]) -> None:
    names = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
    shown = f"""
import {process}, django
django.setup()
from django.db import connection
with connection.cursor() as cursor:
    for name in {names}:
        cursor.execute("SHOW " + name)
        print(cursor.fetchone()[0])
"""
    assert tuple(python("-c", shown).stdout.split()) == bounds
