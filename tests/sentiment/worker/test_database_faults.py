"""What the database does wrong is held against no text; what a worker that slept too long brings is not written."""

import time
from contextlib import suppress
from datetime import timedelta

import pytest
from django.db import DatabaseError
from django.db.models import F

from sentiment.core.critic.scorer import Prediction
from sentiment.models import ModelVersion, MovieSentiment, Promotion, Reading, Score, ScoreRequest, ScoringWorker
from sentiment.versions.promotion import ask, promote
from sentiment.worker import giving_back, score_requests, scoring
from sentiment.worker.scorers import Chosen, scorer_for
from sentiment.worker.verifying import answer_asked
from tests.conftest import PAN, PRAISE
from tests.makers import make_member, make_movie, make_review
from tests.sentiment.worker.striking import FULL, failing
from textflix.movies.models import Movie
from textflix.reviews.models import Review

pytestmark = pytest.mark.usefixtures("nothing_is_off")


def reading(review: Review) -> Reading:
    return Reading.objects.get(pk=review.pk)


def rested() -> None:
    """What was given back has rested."""
    Reading.objects.filter(leased_until__isnull=False).update(leased_until=F("leased_until") - 2 * giving_back.REST)


def test_a_store_that_fails_again_and_again_blames_no_text(movie: Movie, version: ModelVersion) -> None:
    review = make_review(movie, make_member(), text=PRAISE)
    with failing("sentiment_score", "INSERT", FULL):
        for _ in range(4):
            with pytest.raises(DatabaseError, match="could not extend file"):
                scoring.drain(10)
            assert (reading(review).state, reading(review).attempts, reading(review).error) == ("pending", 0, "")
            rested()
        assert "could not extend file" in ScoringWorker.objects.get().error
    assert scoring.drain(10) == 1
    assert reading(review).state == "scored"
    assert ScoringWorker.objects.get().error == ""


def test_what_could_not_be_written_rests_and_others_are_read_meanwhile(movie: Movie, version: ModelVersion) -> None:
    stuck, other = (make_review(film, make_member(), text=PRAISE) for film in (movie, make_movie()))
    Reading.objects.filter(pk=other.pk).update(live=False)
    with failing("sentiment_score", "INSERT", FULL, when=f"NEW.review_id = {stuck.pk}"):
        with pytest.raises(DatabaseError):
            scoring.drain(10)
        assert scoring.drain(10) == 1
        assert (reading(stuck).state, reading(other).state) == ("pending", "scored")
    rested()
    scoring.drain(10)
    assert reading(stuck).state == "scored"


def test_what_was_claimed_with_it_is_read_before_it_can_be_written(
    movie: Movie, version: ModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    stuck, other = (make_review(film, make_member(), text=PRAISE) for film in (movie, make_movie()))
    monkeypatch.setattr(giving_back, "REST", timedelta(seconds=0.2))
    end = time.monotonic() + 20
    with failing("sentiment_score", "INSERT", FULL, when=f"NEW.review_id = {stuck.pk}"):
        while reading(other).state == "pending" and time.monotonic() < end:
            with suppress(DatabaseError):
                scoring.drain(1)
    assert (reading(stuck).state, reading(other).state) == ("pending", "scored")


@pytest.mark.django_db(transaction=True)
def test_what_cannot_be_given_back_at_once_is_given_back_later(movie: Movie, version: ModelVersion) -> None:
    review = make_review(movie, make_member(), text=PRAISE)
    with (
        failing("sentiment_score", "INSERT", FULL),
        failing("sentiment_reading", "UPDATE", FULL, when="NEW.attempts < OLD.attempts"),
        pytest.raises(DatabaseError),
    ):
        scoring.drain(10)
    assert reading(review).attempts == 1
    scoring.drain(10)
    assert reading(review).attempts == 0
    rested()
    assert scoring.drain(10) == 1


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_ends_in_mid_store_costs_no_attempt(movie: Movie, version: ModelVersion) -> None:
    review = make_review(movie, make_member(), text=PRAISE)
    with (
        failing("sentiment_score", "INSERT", "PERFORM pg_terminate_backend(pg_backend_pid())"),
        pytest.raises(DatabaseError, match="closed the connection"),
    ):
        scoring.drain(10)
    assert (reading(review).state, reading(review).attempts) == ("pending", 0)
    rested()
    assert scoring.drain(10) == 1


def test_what_the_database_refuses_as_wrong_is_put_aside_with_its_reason(movie: Movie, version: ModelVersion) -> None:
    wrong, *mates = (make_review(movie, make_member(), text=f"{PRAISE} Take {n}.") for n in range(3))
    refused = "RAISE EXCEPTION 'no probability' USING ERRCODE = 'check_violation'"
    with failing("sentiment_score", "INSERT", refused, when=f"NEW.review_id = {wrong.pk}"):
        scoring.drain(10)
    assert [reading(mate).state for mate in mates] == ["scored"] * 2
    assert reading(wrong).state == "failed"
    assert "no probability" in reading(wrong).error


def test_a_text_to_try_outlives_a_store_that_fails(version: ModelVersion) -> None:
    asked = ScoreRequest.objects.create(text=PRAISE)
    with failing("sentiment_scorerequest", "UPDATE", FULL, when="NEW.positive IS NOT NULL"):
        for _ in range(4):
            with pytest.raises(DatabaseError):
                score_requests.read_waiting(version)
            asked.refresh_from_db()
            assert (asked.attempts, asked.error) == (0, "")
            ScoreRequest.objects.update(leased_until=None)
    assert score_requests.read_waiting(version) == 1


@pytest.mark.django_db(transaction=True)
def test_a_promotion_outlives_an_answer_that_fails(version: ModelVersion, make_version) -> None:
    ask(newer := make_version(), reason="newer")
    with failing("sentiment_promotion", "UPDATE", FULL, when="NEW.accepted_at IS NOT NULL"):
        for _ in range(4):
            with pytest.raises(DatabaseError, match="could not extend file"):
                answer_asked()
            asked = Promotion.objects.asked().get()
            assert (asked.attempts, asked.error) == (0, "")
            Promotion.objects.asked().update(leased_until=None)
    assert answer_asked() == 1
    assert Promotion.objects.serving() == newer


class TestAWorkerThatWakesLate:
    @pytest.fixture
    def review(self, movie: Movie) -> Review:
        return make_review(movie, make_member(), text=PRAISE)

    @pytest.fixture
    def read(self, review: Review, version: ModelVersion) -> tuple[list[scoring.Claimed], list[Prediction]]:
        """What it read before it fell asleep."""
        claimed = scoring.claim(version, 8)
        return claimed, scorer_for(version).predict([PAN])

    def test_leaves_a_newer_versions_reading_alone(self, movie, review, version, make_version, read) -> None:
        Reading.objects.update(leased_until=F("leased_until") - Reading.LEASE)
        promote(newer := make_version(), reason="newer")
        scoring.drain(10)
        assert scoring.store(Chosen(version, version), *read) == 0
        assert (reading(review).version, reading(review).verdict) == (newer, "positive")
        assert not Score.objects.filter(version=version).exists()
        assert MovieSentiment.objects.get(pk=movie.pk).positive == 1

    def test_leaves_what_another_has_taken_up_to_it(self, review, version, read) -> None:
        Reading.objects.update(leased_until=F("leased_until") - Reading.LEASE)
        (taken,) = scoring.claim(version, 8)
        assert scoring.store(Chosen(version, version), *read) == 0
        held = reading(review)
        assert (held.leased_until, held.attempts, held.version) == (taken.until, 2, None)

    def test_writes_what_nobody_else_has_taken_up(self, review, version, read) -> None:
        assert scoring.store(Chosen(version, version), *read) == 1

    def test_gives_back_what_a_promotion_has_overtaken(self, review, version, make_version, read) -> None:
        promote(make_version(), reason="newer")
        assert scoring.store(Chosen(version, version), *read) == 0
        assert (reading(review).leased_until, reading(review).attempts) == (None, 0)
        assert scoring.drain(10) == 1
