"""The sweep verifies what is to serve and reads reviews, whatever becomes of the chores, and the other way round."""

from datetime import timedelta

import pytest
from django.utils import timezone

from sentiment.models import ModelVersion, Promotion, Reading, ScoreRequest
from sentiment.tasks import score_backlog
from sentiment.versions.promotion import ask
from sentiment.worker import scoring
from tests.conftest import PRAISE
from tests.makers import make_member, make_review
from textflix.movies.models import Movie, SiteFigures

pytestmark = pytest.mark.usefixtures("nothing_is_off")


def fails(*_: object, **__: object) -> None:
    raise RuntimeError("out of order")


@pytest.fixture
def expired(db: None) -> ScoreRequest:
    return ScoreRequest.objects.create(text=PRAISE, asked_at=timezone.now() - timedelta(hours=2))


def test_a_chore_that_fails_keeps_neither_reading_nor_promotions_nor_other_chores_waiting(
    movie: Movie, version: ModelVersion, make_version, expired, monkeypatch, caplog: pytest.LogCaptureFixture
) -> None:
    make_review(movie, make_member(), text=PRAISE)
    ask(newer := make_version(), reason="newer")
    with monkeypatch.context() as broken:
        broken.setattr("textflix.pages.site_figures.renew", fails)
        score_backlog()
    assert Promotion.objects.serving() == newer
    assert Reading.objects.get().version == newer
    assert not ScoreRequest.objects.exists()
    assert "out of order" in caplog.text


def test_reading_that_fails_keeps_no_chore_waiting_and_is_told(
    movie: Movie, version: ModelVersion, expired: ScoreRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_review(movie, make_member(), text=PRAISE)
    with monkeypatch.context() as broken:
        broken.setattr(scoring, "drain", fails)
        broken.setattr("textflix.movies.revisions.add_up", lambda: 1 / 0)
        with pytest.raises(RuntimeError, match="out of order"):
            score_backlog()
    assert SiteFigures.current().reviews == 1
    assert not ScoreRequest.objects.exists()
