"""Every review is read once in its present text, whatever happens on the way, and the film follows."""

import threading
import time
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from sentiment.core.critic.scorer import Scorer
from sentiment.models import ModelVersion, MovieSentiment, Reading, Score, ScoreRequest
from sentiment.versions.promotion import promote, roll_back
from sentiment.worker import score_requests, scoring
from sentiment.worker.scorers import Chosen, scorer_for
from tests.conftest import PAN, PRAISE
from tests.makers import make_member, make_movie, make_review
from textflix.movies.models import Movie
from textflix.reviews.models import Review

pytestmark = pytest.mark.usefixtures("nothing_is_off")


def state(review: Review) -> str:
    return Reading.objects.get(pk=review.pk).state


def film(movie: Movie) -> MovieSentiment:
    return MovieSentiment.objects.get(pk=movie.pk)


def test_post_score_aggregate(movie: Movie, version: ModelVersion) -> None:
    good, bad = make_review(movie, make_member(), text=PRAISE), make_review(movie, make_member(), text=PAN)
    assert (film(movie).reviews, film(movie).scored) == (2, 0)
    assert scoring.drain(10) == 2
    counts = film(movie)
    assert (counts.scored, counts.positive, counts.negative) == (2, 1, 1)
    assert counts.share == 0.5
    assert counts.low == pytest.approx(0.0945, abs=1e-3)
    assert counts.high == pytest.approx(0.9055, abs=1e-3)
    score = Score.objects.get(review=good)
    assert score.version == version
    assert score.bias + sum(s["share"] for s in score.sentences) > 0
    assert [good.text[s["start"] : s["end"]] for s in score.sentences] == [
        "I loved this film.",
        "The acting is superb, the story is moving and funny, and it looks beautiful.",
    ]
    assert state(bad) == "scored"


def test_without_a_serving_version_reviews_wait(movie: Movie) -> None:
    review = make_review(movie, make_member(), text=PRAISE)
    assert scoring.drain(10) == 0
    assert state(review) == "pending"


def test_what_people_wait_for_comes_before_the_backlog(movie: Movie, version) -> None:
    backlog = [make_review(movie, make_member(), text=PRAISE) for _ in range(3)]
    Reading.objects.update(live=False)
    awaited = make_review(movie, make_member(), text=PRAISE)
    assert [item.review_id for item in scoring.claim(version, 2)] == [awaited.pk]
    assert [item.review_id for item in scoring.claim(version, 2)] == [review.pk for review in backlog[:2]]


def test_a_claim_is_nobody_elses_until_its_lease_ends(movie: Movie, version: ModelVersion) -> None:
    review = make_review(movie, make_member(), text=PRAISE)
    assert len(scoring.claim(version, 8)) == 1
    assert scoring.claim(version, 8) == []
    Reading.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
    assert [item.review_id for item in scoring.claim(version, 8)] == [review.pk]


def test_of_long_texts_fewer_are_taken_at_once_and_the_rest_waits_untouched(movie: Movie, version, monkeypatch) -> None:
    monkeypatch.setattr(scoring, "BATCH_BYTES", 3 * len(PRAISE))
    reviews = [make_review(movie, make_member(), text=PRAISE) for _ in range(5)]
    assert [item.review_id for item in scoring.claim(version, 8)] == [review.pk for review in reviews[:3]]
    assert [row.leased_until is not None for row in Reading.objects.order_by("pk")] == [True] * 3 + [False] * 2
    assert [row.attempts for row in Reading.objects.order_by("pk")] == [1] * 3 + [0] * 2
    monkeypatch.setattr(scoring, "BATCH_BYTES", 1)
    assert [item.review_id for item in scoring.claim(version, 8)] == [reviews[3].pk]
    Reading.objects.update(leased_until=None, attempts=0)
    assert scoring.drain(30) == 5


SLOWEST = (
    "Plot music story. ",
    "plot but ",
    "B.B. Bb ",
    "a. ",
    "电影。”",
    "&#1;",
    "Good film, and the cast is good but ",
    "“‛《",
    "《‚‹",
    "‟「",
)


@pytest.mark.parametrize("unit", SLOWEST)
def test_the_largest_batch_of_the_slowest_texts_is_read_well_inside_its_lease(movie: Movie, version, unit) -> None:
    text = f"A. {unit * ((Review.MAX_LENGTH - 3) // len(unit))}".strip()
    for _ in range(22):
        make_review(movie, text=text)
    scorer_for(version).warm()
    claimed = scoring.claim(version, scoring.LARGEST_PART)
    assert len(claimed) == scoring.BATCH_BYTES // len(text.encode()) < 22
    started = time.process_time()
    predictions = scorer_for(version).predict([item.text for item in claimed])
    assert scoring.store(Chosen(version, version), claimed, predictions) == len(claimed)
    assert time.process_time() - started < Reading.LEASE.total_seconds() / 4
    assert scoring.drain(60) == 22 - len(claimed)


@pytest.mark.parametrize("unit", SLOWEST)
def test_what_is_tried_at_once_is_read_well_inside_its_lease(version: ModelVersion, unit: str) -> None:
    for _ in range(score_requests.AT_ONCE):
        ScoreRequest.objects.create(text=f"A. {unit * ((ScoreRequest.MAX_LENGTH - 3) // len(unit))}")
    scorer_for(version).warm()
    started = time.process_time()
    assert score_requests.read_waiting(version) == score_requests.AT_ONCE
    assert time.process_time() - started < ScoreRequest.LEASE.total_seconds() / 10


def test_an_edit_while_the_old_text_is_read_wins(movie: Movie, version: ModelVersion) -> None:
    review = make_review(movie, make_member(), text=PRAISE)
    claimed = scoring.claim(version, 8)
    predictions = scorer_for(version).predict([item.text for item in claimed])
    review.text = PAN
    review.save()
    assert scoring.store(Chosen(version, version), claimed, predictions) == 0
    assert state(review) == "pending"
    assert film(movie).positive == 0
    scoring.drain(10)
    assert film(movie).negative == 1
    assert Score.objects.count() == 1


def test_a_delete_while_the_text_is_read_wins(movie: Movie, version: ModelVersion) -> None:
    review = make_review(movie, make_member(), text=PRAISE)
    claimed = scoring.claim(version, 8)
    predictions = scorer_for(version).predict([item.text for item in claimed])
    review.delete()
    assert scoring.store(Chosen(version, version), claimed, predictions) == 0
    assert (film(movie).reviews, Reading.objects.count(), Score.objects.count()) == (0, 0, 0)


def test_storing_twice_leaves_one_score(movie: Movie, version: ModelVersion) -> None:
    make_review(movie, make_member(), text=PRAISE)
    claimed = scoring.claim(version, 8)
    predictions = scorer_for(version).predict([item.text for item in claimed])
    scoring.store(Chosen(version, version), claimed, predictions)
    scoring.store(Chosen(version, version), claimed, predictions)
    assert Score.objects.count() == 1
    assert film(movie).scored == 1


def test_a_poisonous_text_is_put_aside_and_its_batch_mates_are_read(
    movie: Movie, version: ModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    poison, *mates = [make_review(movie, make_member(), text=f"{PRAISE} Take {n}.") for n in range(4)]
    reads = Scorer.predict

    def chokes(self: Scorer, texts: list[str]) -> object:
        if poison.text in texts:
            raise RuntimeError("choked")
        return reads(self, texts)

    monkeypatch.setattr(Scorer, "predict", chokes)
    scoring.drain(10)
    assert [state(mate) for mate in mates] == ["scored"] * 3
    reading = Reading.objects.get(pk=poison.pk)
    assert (reading.state, reading.attempts, reading.error) == ("failed", 3, "RuntimeError: choked")


def test_a_text_that_kills_its_worker_three_times_is_put_aside(movie: Movie, version) -> None:
    review = make_review(movie, make_member(), text=PRAISE)
    for _ in range(3):
        assert scoring.claim(version, 8)
        Reading.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
    assert scoring.claim(version, 8) == []
    assert scoring.quarantine_exhausted() == 1
    assert state(review) == "failed"
    assert "died" in Reading.objects.get().error


def test_a_broken_critic_blames_no_text(movie: Movie, version: ModelVersion, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(self: Scorer, texts: list[str]) -> object:
        raise RuntimeError("no device")

    make_review(movie, make_member(), text=PRAISE)
    monkeypatch.setattr(Scorer, "predict", broken)
    for _ in range(4):
        with pytest.raises(scoring.Broken, match="no device"):
            scoring.drain(10)
    reading = Reading.objects.get()
    assert (reading.state, reading.attempts) == ("pending", 0)
    monkeypatch.undo()
    scoring.drain(10)
    assert state(reading.review) == "scored"


def test_promoting_rereads_everything_and_the_film_never_empties(movie: Movie, version, make_version) -> None:
    for _ in range(3):
        make_review(movie, make_member(), text=PRAISE)
    scoring.drain(10)
    newer = make_version()
    promote(newer, reason="newer")
    assert (film(movie).positive, film(movie).stale(newer)) == (3, 3)
    scoring.drain(10)
    assert (film(movie).positive, film(movie).stale(newer)) == (3, 0)
    assert Score.objects.count() == 6
    assert roll_back() == version
    assert film(movie).stale(version) == 3
    scoring.drain(10)
    assert film(movie).stale(version) == 0
    assert Score.objects.count() == 6
    with pytest.raises(LookupError):
        roll_back()


def test_hidden_reviews_leave_the_film_and_return(movie: Movie, version: ModelVersion) -> None:
    review = make_review(movie, make_member(), text=PRAISE)
    scoring.drain(10)
    review.hidden = True
    review.save()
    assert film(movie).reviews == 0
    review.hidden = False
    review.save()
    assert (film(movie).reviews, film(movie).positive) == (1, 1)


def test_a_review_that_moves_takes_its_verdict_along(movie: Movie, version) -> None:
    review, other = make_review(movie, make_member(), text=PRAISE), make_movie()
    scoring.drain(10)
    review.movie = other
    review.save()
    assert (film(movie).positive, film(other).positive) == (0, 1)


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_read_everything_once(movie: Movie, version: ModelVersion) -> None:
    reviews = [make_review(movie, make_member(), text=f"{PRAISE} Take {n}.") for n in range(40)]
    scorer_for(version)
    claims: list[list[int]] = [[], []]
    start = threading.Barrier(2)

    def work(mine: list[int]) -> None:
        try:
            start.wait()
            while claimed := scoring.claim(version, 4):
                mine += [item.review_id for item in claimed]
                predictions = scorer_for(version).predict([item.text for item in claimed])
                scoring.store(Chosen(version, version), claimed, predictions)
        finally:
            connection.close()

    workers = [threading.Thread(target=work, args=(mine,)) for mine in claims]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert all(claims), "both must have had work, or nothing was tried"
    assert sorted(claims[0] + claims[1]) == sorted(review.pk for review in reviews)
    assert Score.objects.count() == 40
    assert film(movie).scored == 40


@pytest.mark.django_db(transaction=True)
def test_a_film_leaves_with_its_reviews(movie: Movie, version: ModelVersion) -> None:
    make_review(movie, make_member(), text=PRAISE)
    scoring.drain(10)
    movie.delete()
    assert (Review.objects.count(), Score.objects.count(), MovieSentiment.objects.count()) == (0, 0, 0)
