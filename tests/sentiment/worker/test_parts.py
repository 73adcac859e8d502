"""The backlog is stored in large batches, which nobody who waits for a verdict has to wait for."""

from collections.abc import Sequence

import pytest
from django.db import DatabaseError

from sentiment.core.critic.scorer import Prediction, Scorer
from sentiment.models import ModelVersion, Reading, Score, ScoreRequest
from sentiment.worker import scoring
from sentiment.worker.scorers import Broken, Chosen
from tests.conftest import PRAISE
from tests.makers import make_member, make_review
from tests.sentiment.worker.striking import FULL, failing
from textflix.movies import revisions
from textflix.movies.models import Movie
from textflix.reviews.models import Review

pytestmark = pytest.mark.usefixtures("nothing_is_off")


@pytest.fixture
def backlog(movie: Movie) -> list[Review]:
    reviews = [make_review(movie, make_member(), text=PRAISE) for _ in range(6)]
    Reading.objects.update(live=False)
    return reviews


@pytest.fixture
def posted_meanwhile(movie: Movie, monkeypatch: pytest.MonkeyPatch) -> list[Review]:
    """A review is posted while the first part of a batch is read; it stands here from then on."""
    predict, posted = Scorer.predict, list[Review]()

    def predict_slowly(scorer: Scorer, texts: Sequence[str]) -> list[Prediction]:
        if not posted:
            posted.append(make_review(movie, make_member(), text=PRAISE))
        return predict(scorer, texts)

    monkeypatch.setattr(Scorer, "predict", predict_slowly)
    return posted


def read(version: ModelVersion) -> int:
    return scoring.score_batch(Chosen(version, version), 2, parts=3)


def read_in_order() -> list[int]:
    return list(Score.objects.order_by("pk").values_list("review_id", flat=True))


def test_kept_pages_move_once_for_all_of_it(version: ModelVersion, backlog) -> None:
    before = revisions.of_lists()
    assert read(version) == 6
    assert read_in_order() == [review.pk for review in backlog]
    assert revisions.of_lists() == before + 1


def test_who_posts_meanwhile_waits_for_a_part_and_is_next(
    version: ModelVersion, backlog, posted_meanwhile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scoring, "FIRST_PART", 2)
    assert scoring.drain(60) == 7
    assert read_in_order() == [review.pk for review in [*backlog[:2], *posted_meanwhile, *backlog[2:]]]


def test_what_is_given_back_was_never_claimed(version: ModelVersion, backlog, posted_meanwhile) -> None:
    assert read(version) == 2
    assert posted_meanwhile
    waiting = Reading.objects.filter(version=None)
    assert set(waiting.values_list("attempts", "leased_until")) == {(0, None)}
    assert waiting.count() == 5


def test_who_wants_a_text_tried_waits_for_a_part_too(version: ModelVersion, backlog) -> None:
    ScoreRequest.objects.create(text=PRAISE)
    assert read(version) == 2


def test_what_fails_in_a_later_part_and_breaks_the_critic_costs_no_attempt(
    version: ModelVersion, backlog, monkeypatch: pytest.MonkeyPatch
) -> None:
    predict, calls = Scorer.predict, []

    def predict_once(scorer: Scorer, texts: Sequence[str]) -> list[Prediction]:
        calls.append(texts)
        if len(calls) > 1:
            raise RuntimeError("out of memory")
        return predict(scorer, texts)

    monkeypatch.setattr(Scorer, "predict", predict_once)
    with pytest.raises(Broken, match="out of memory"):
        read(version)
    assert set(Reading.objects.values_list("attempts", "leased_until")) == {(0, None)}


def test_a_fault_of_the_database_costs_no_attempt(version: ModelVersion, backlog) -> None:
    with failing("sentiment_score", "INSERT", FULL), pytest.raises(DatabaseError, match="could not extend file"):
        read(version)
    assert set(Reading.objects.values_list("attempts", flat=True)) == {0}
