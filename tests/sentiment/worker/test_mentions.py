"""What a reading found besides its verdict is stored with the score, follows the text, and leaves with the review."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from django.db import connection, transaction

from sentiment.core.critic.aspects import ASPECTS
from sentiment.core.critic.scorer import Prediction
from sentiment.models import AspectMention, ModelVersion, Promotion, Reading, Score
from sentiment.verdicts.intake import read_again
from sentiment.versions.promotion import promote
from sentiment.worker import scoring
from sentiment.worker.scorers import Chosen, scorer_for
from tests.conftest import PAN, PRAISE
from tests.makers import make_member, make_review
from textflix.movies.models import Aspect, Movie
from textflix.reviews.models import Review


def present(review: Review) -> set[tuple[str, str, bool]]:
    """The aspects that count now, each with its sentence and whether it is praised."""
    score = Reading.objects.get(pk=review.pk).score
    found = score.mentions.all() if score else []
    return {(m.aspect, review.text[m.start : m.end], m.positive > 0.5) for m in found}


def read(version: ModelVersion, *reviews: Review) -> tuple[list[scoring.Claimed], list[Prediction]]:
    claimed = scoring.claim(version, 8)
    assert [item.review_id for item in claimed] == [review.pk for review in reviews]
    return claimed, scorer_for(version).predict([item.text for item in claimed])


def until_somebody_waits_for_a_lock() -> None:
    deadline = time.monotonic() + 20
    with connection.cursor() as cursor:
        while time.monotonic() < deadline:
            cursor.execute("SELECT 1 FROM pg_locks WHERE NOT granted")
            if cursor.fetchone():
                return
            time.sleep(0.02)
    raise AssertionError("nobody waits")


def disconnecting(work: Callable[..., object], *arguments: object) -> object:
    try:
        return work(*arguments)
    finally:
        connection.close()


@pytest.mark.usefixtures("nothing_is_off")
def test_mentions_and_embedding_are_stored_with_the_score(movie: Movie, version: ModelVersion) -> None:
    review, silent = (
        make_review(movie, make_member(), text=PRAISE),
        make_review(movie, make_member(), text="I loved it."),
    )
    scoring.drain(10)
    sentence = "The acting is superb, the story is moving and funny, and it looks beautiful."
    assert {("acting", sentence, True), ("story", sentence, True)} <= present(review)
    assert present(silent) == set()
    (expected,) = scorer_for(version).predict([PRAISE])
    stored = np.frombuffer(bytes(Score.objects.get(review=review).embedding), "<f2")
    assert stored.shape == (384,)
    assert stored == pytest.approx(expected.embedding, abs=0.05)
    assert float(np.abs(stored).max()) > 0.1


def test_every_aspect_that_the_critic_finds_can_be_stored() -> None:
    assert sorted(Aspect.values) == sorted(ASPECTS)


@pytest.mark.usefixtures("nothing_is_off")
def test_an_edited_text_has_the_mentions_of_its_new_form_alone(movie: Movie, version) -> None:
    review = make_review(movie, make_member(), text=f"{PRAISE} Lovely music, too.")
    scoring.drain(10)
    assert {aspect for aspect, _, _ in present(review)} > {"acting", "music"}
    review.text = PAN
    review.save()
    assert present(review) == set()
    scoring.drain(10)
    sentence = "Boring, badly acted, and the plot makes no sense."
    assert {("acting", sentence, False), ("story", sentence, False)} <= present(review)
    assert all(text in PAN for _, text, _ in present(review))
    assert "music" not in {aspect for aspect, _, _ in present(review)}


@pytest.mark.usefixtures("nothing_is_off")
def test_reading_again_replaces_what_was_found_before(movie: Movie, version: ModelVersion) -> None:
    review = make_review(movie, make_member(), text=PRAISE)
    scoring.drain(10)
    first, score = present(review), Score.objects.get()
    score.mentions.filter(aspect="acting").delete()
    AspectMention.objects.create(score=score, aspect="ending", start=0, end=18, positive=0.1)
    Score.objects.update(embedding=b"")
    read_again([review.pk])
    scoring.drain(10)
    assert Score.objects.get() == score
    assert present(review) == first
    assert len(Score.objects.get().embedding) == 768


def test_mentions_leave_with_the_review(movie: Movie, version: ModelVersion, nothing_is_off) -> None:
    review, other = make_review(movie, make_member(), text=PRAISE), make_review(movie, make_member(), text=PAN)
    scoring.drain(10)
    review.delete()
    assert set(AspectMention.objects.values_list("score__review", flat=True)) == {other.pk}
    assert AspectMention.objects.count() == len(present(other))


def test_an_old_version_can_be_removed_with_all_that_it_found(movie: Movie, version, make_version) -> None:
    review = make_review(movie, make_member(), text=PRAISE)
    scoring.drain(10)
    newer = make_version()
    promote(newer, reason="newer")
    scoring.drain(10)
    Score.objects.filter(version=version).delete()
    Promotion.objects.filter(version=version).delete()
    version.delete()
    assert set(AspectMention.objects.values_list("score__version", flat=True)) == {newer.pk}
    assert AspectMention.objects.count() == len(present(review))


@pytest.mark.django_db(transaction=True)
def test_a_review_that_is_deleted_while_its_score_is_written_takes_all_of_it_along(
    movie: Movie, version: ModelVersion, monkeypatch: pytest.MonkeyPatch, nothing_is_off
) -> None:
    review = make_review(movie, make_member(), text=PRAISE)
    claimed, predictions = read(version, review)
    written, may_go_on, settle = threading.Event(), threading.Event(), scoring.settle

    def paused(review_ids: list[int]) -> None:
        assert AspectMention.objects.filter(score__review=review).exists()
        written.set()
        assert may_go_on.wait(30)
        settle(review_ids)

    monkeypatch.setattr(scoring, "settle", paused)
    with ThreadPoolExecutor() as pool:
        storing = pool.submit(disconnecting, scoring.store, Chosen(version, version), claimed, predictions)
        assert written.wait(30)
        deleting = pool.submit(disconnecting, review.delete)
        until_somebody_waits_for_a_lock()
        may_go_on.set()
        assert storing.result(30) == 1
        deleting.result(30)
    assert (Review.objects.count(), Score.objects.count(), AspectMention.objects.count()) == (0, 0, 0)


@pytest.mark.django_db(transaction=True)
def test_a_score_that_comes_while_its_review_is_being_deleted_is_not_written(
    movie: Movie, version: ModelVersion, nothing_is_off
) -> None:
    review = make_review(movie, make_member(), text=PRAISE)
    claimed, predictions = read(version, review)
    with ThreadPoolExecutor() as pool:
        with transaction.atomic():
            review.delete()
            storing = pool.submit(disconnecting, scoring.store, Chosen(version, version), claimed, predictions)
            until_somebody_waits_for_a_lock()
        assert storing.result(30) == 0
    assert (Score.objects.count(), AspectMention.objects.count()) == (0, 0)
