"""The backlog is stored in large batches, which nobody who waits for a verdict has to wait for."""

from collections.abc import Sequence

import pytest
from django.db import DatabaseError

from sentiment.core.critic.scorer import Prediction, Scorer
from sentiment.models import ModelVersion, Reading, Score
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


def test_who_posts_meanwhile_is_read_first(version: ModelVersion, backlog, posted_meanwhile) -> None:
    assert read(version) == 6
    order = Score.objects.order_by("pk").values_list("review_id", flat=True)
    assert list(order) == [review.pk for review in [*posted_meanwhile, *backlog]]


def test_kept_pages_move_once_for_all_of_it(version: ModelVersion, backlog) -> None:
    before = revisions.of_lists()
    assert read(version) == 6
    assert revisions.of_lists() == before + 1


def test_what_strikes_between_two_parts_costs_no_attempt(version: ModelVersion, backlog, posted_meanwhile) -> None:
    strikes = failing("sentiment_score", "INSERT", FULL)
    with strikes, pytest.raises(DatabaseError, match="could not extend file"):
        read(version)
    assert posted_meanwhile
    assert set(Reading.objects.values_list("attempts", flat=True)) == {0}


def test_a_critic_that_breaks_between_two_parts_costs_no_attempt(
    version: ModelVersion, backlog, posted_meanwhile, monkeypatch: pytest.MonkeyPatch
) -> None:
    predict = Scorer.predict

    def predict_once(scorer: Scorer, texts: Sequence[str]) -> list[Prediction]:
        if posted_meanwhile:
            raise RuntimeError("out of memory")
        return predict(scorer, texts)

    monkeypatch.setattr(Scorer, "predict", predict_once)
    with pytest.raises(Broken, match="out of memory"):
        read(version)
    assert set(Reading.objects.values_list("attempts", flat=True)) == {0}
