"""What was read by the rules of an earlier release is read again by itself, after all that waits, and once."""

import pytest

from sentiment.core.critic.checkpoints import ANNOTATOR, fingerprint
from sentiment.models import MovieSentiment, Reading, Score
from sentiment.verdicts.aggregates import refresh
from sentiment.verdicts.effective import settle
from sentiment.worker import scoring
from tests.conftest import PRAISE
from tests.makers import make_member, make_review

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("nothing_is_off")]
POLISH = "Ten film jest okropny i strasznie nudny, nie polecam go nikomu, strata czasu i pieniędzy."


@pytest.fixture
def older(movie, version):
    """A review in Polish of which an earlier release made a verdict, and one that it read as this one does."""
    reviews = [make_review(movie, make_member(), text=text) for text in (POLISH, PRAISE)]
    scoring.drain(10)
    foreign = reviews[0]
    Score.objects.filter(review=foreign).update(unread="", positive=0.9)
    Reading.objects.update(reader=scoring.AT_FIRST - 1)
    settle([foreign.pk])
    refresh([movie.pk])
    return foreign


def test_it_is_read_again_once_and_its_film_follows(movie, version, older):
    assert MovieSentiment.objects.get(pk=movie.pk).positive == 2
    assert scoring.drain(10) == 2
    assert scoring.drain(10) == 0
    counts = MovieSentiment.objects.get(pk=movie.pk)
    assert (counts.positive, counts.unread) == (1, 1)
    assert Reading.objects.get(pk=older.pk).unread == "language"


def test_a_review_that_had_no_marks_has_them_afterwards(version):
    review = make_review(author=make_member(), text=PRAISE)
    scoring.drain(10)
    score = Score.objects.get(review=review)
    Score.objects.filter(pk=score.pk).update(sentences=[{"start": 0, "end": len(PRAISE), "share": 1.0}])
    Reading.objects.update(reader=scoring.AT_FIRST - 1)
    settle([review.pk])
    refresh([review.movie_id])
    assert scoring.drain(10) == 1
    assert [each["sign"] for each in Score.objects.get(review=review).sentences if each.get("mark") == 1] == ["+"]


def test_another_annotator_is_another_reader():
    """Where this fails, what is stored comes of the annotator before: let AT_FIRST and READER grow."""
    assert (scoring.AT_FIRST, fingerprint(ANNOTATOR)[:12]) == (2, "dbc917a15a43")


def test_what_people_wait_for_and_the_backlog_come_before(movie, version, older):
    backlog, awaited = (make_review(movie, make_member(), text=PRAISE) for _ in range(2))
    Reading.objects.filter(pk=backlog.pk).update(live=False)
    order = [scoring.claim(version, 1)[0].review_id for _ in range(4)]
    assert order[:2] == [awaited.pk, backlog.pk]
    assert set(order[2:]) == set(
        Reading.objects.filter(reader__lt=scoring.AT_FIRST, version=version).values_list("pk", flat=True)
    )


def test_a_worker_that_reads_with_another_than_the_serving_version_leaves_it(version, older):
    assert scoring.claim(version, 9, unread_only=True) == []
