"""What is deleted while somebody writes of it: they are told so, and get back what they wrote."""

import threading
from contextlib import suppress
from datetime import timedelta

import pytest
from django.db import connection, connections
from django.db.models import Model
from django.db.models.signals import pre_delete
from django.test import Client
from django.utils import timezone

from sentiment.models import Dispute
from tests.conftest import PAN
from tests.makers import TEXT, make_member, make_movie, make_review, read
from tests.running.processes import wait_for
from textflix.members.models import User
from textflix.movies.models import Movie
from textflix.reviews.changes import changing
from textflix.reviews.models import Review

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("nothing_is_off")]

WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted"


@pytest.fixture
def ada() -> User:
    return make_member("ada", date_joined=timezone.now() - timedelta(days=1))


def somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(WAITING)
        return bool(cursor.fetchone()[0])


def sent_while(member: User, path: str, deleted: Model, held: Model, **form: str) -> tuple[int, str]:
    """Send a form on a connection of its own; what it meets on its way is deleted once it waits for `held`."""
    client, answers = Client(), []
    client.force_login(member)

    def send() -> None:
        with suppress(Exception):
            answer = client.post(path, form)
            answers.append((answer.status_code, answer.content.decode()))
        connections.close_all()

    sending = threading.Thread(target=send)
    with changing():
        type(held).objects.select_for_update().get(pk=held.pk)
        sending.start()
        wait_for(somebody_waits, 20)
        deleted.delete()
    sending.join(20)
    assert answers, "the request failed"
    return answers[0]


def assert_given_back(answer: tuple[int, str], reason: str) -> None:
    status, page = answer
    assert status == 404
    assert reason in page
    assert PAN in page


def test_a_review_that_is_deleted_while_it_is_edited(ada: User) -> None:
    review = make_review(author=ada)
    answer = sent_while(ada, f"/review/{review.pk}/edit/", review, held=review, text=PAN)
    assert_given_back(answer, "This review was deleted")
    assert not Review.objects.exists()


def test_a_film_that_is_deleted_while_a_review_of_it_is_edited(ada: User) -> None:
    review = make_review(author=ada)
    answer = sent_while(ada, f"/review/{review.pk}/edit/", review.movie, held=review, text=PAN)
    assert_given_back(answer, "This review was deleted")
    assert not Review.objects.exists()


def test_a_film_that_is_deleted_while_a_review_of_it_is_posted(ada: User) -> None:
    movie = make_movie()
    answer = sent_while(ada, f"/film/{movie.slug}/review/", movie, held=ada, text=PAN)
    assert_given_back(answer, "This film was deleted")
    assert not Review.objects.exists()


@pytest.mark.parametrize("posts", [True, False])
def test_a_member_who_is_deleted_while_they_write(ada: User, posts: bool) -> None:
    path = f"/film/{make_movie().slug}/review/" if posts else f"/review/{make_review(author=ada).pk}/edit/"
    answer = sent_while(ada, path, ada, held=ada, text=PAN)
    assert_given_back(answer, "Your account was deleted")
    assert not Review.objects.exists()


@pytest.mark.parametrize("whose", ["review", "film"])
def test_a_review_that_is_deleted_while_its_verdict_is_disputed(ada: User, whose: str) -> None:
    review = read(make_review(author=make_member("bob")), 0.9, [(TEXT, 1.0)])
    first = Dispute.objects.create(review=review, digest=review.digest, verdict="positive", by=ada, reason="x" * 10)
    answer = sent_while(
        ada, f"/review/{review.pk}/dispute/", review if whose == "review" else review.movie, held=first, reason=PAN
    )
    assert answer[0] == 409
    assert "The review was deleted while you wrote." in answer[1]
    assert PAN in answer[1]
    assert not Dispute.objects.exists()


def test_a_member_who_is_deleted_while_they_dispute_a_verdict(ada: User) -> None:
    review = read(make_review(author=make_member("bob")), 0.9, [(TEXT, 1.0)])
    first = Dispute.objects.create(review=review, digest=review.digest, verdict="positive", by=ada, reason="x" * 10)
    status, page = sent_while(ada, f"/review/{review.pk}/dispute/", ada, held=first, reason=PAN)
    assert status == 409
    assert "Your account was deleted while you wrote." in page
    assert PAN in page
    assert Review.objects.get() == review


@pytest.mark.parametrize("whose", ["film", "member"])
def test_what_comes_in_while_staff_delete_is_deleted_too(ada: User, whose: str) -> None:
    """Django looks for all that leaves, then deletes it: the review comes in between."""
    movie, boss, posted = make_movie(), Client(), list[int]()
    boss.force_login(make_member("boss", is_staff=True, is_superuser=True))

    def post() -> None:
        posted.append(make_review(movie, ada).pk)
        connections.close_all()

    def come_in(**_: object) -> None:
        if not posted:
            posting = threading.Thread(target=post)
            posting.start()
            posting.join(20)

    model, gone = (Movie, movie) if whose == "film" else (User, ada)
    path = f"/admin/{model._meta.app_label}/{model._meta.model_name}/{gone.pk}/delete/"
    pre_delete.connect(come_in, sender=model)
    try:
        assert boss.post(path, {"post": "yes"}).status_code == 302
    finally:
        pre_delete.disconnect(come_in, sender=model)
    assert posted
    assert not Review.objects.exists()
    assert not model.objects.filter(pk=gone.pk).exists()


def test_a_review_that_is_deleted_twice_at_once(ada: User) -> None:
    review = make_review(author=ada)
    status, _ = sent_while(ada, f"/review/{review.pk}/delete/", review, held=review)
    assert status == 302
    assert not Review.objects.exists()
    assert Movie.objects.exists()
