"""Where nothing else waits, reviews are read a second time, for better marks; once, and after all else."""

import itertools

import pytest

from sentiment.core.critic.second_reading import read_again
from sentiment.models import Reading, Score
from sentiment.tasks import score_backlog
from sentiment.worker import scoring
from sentiment.worker.scorers import scorer_for, sentences_of
from tests.makers import make_member, make_review

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("nothing_is_off")]
TEXT = (
    "We sat in row nine. The plot is a dull mess from the first minute. I was bored to tears, and so was my sister. "
    "It rained when we came out. A complete waste of two hours."
)


@pytest.fixture
def review(movie, version):
    review = make_review(movie, make_member(), text=TEXT)
    assert scoring.drain(10) == 1
    return review


def test_a_review_is_read_twice_and_has_the_marks_of_the_second_reading(review, version):
    assert Reading.objects.get(pk=review.pk).reader == scoring.AT_FIRST
    assert scoring.drain(10, closely=True) == 1
    assert Reading.objects.get(pk=review.pk).reader == scoring.READER
    scorer = scorer_for(version)
    (expected,) = read_again(scorer, [TEXT], scorer.predict([TEXT]))
    assert Score.objects.get(review=review).sentences == sentences_of(expected)
    assert scoring.drain(10, closely=True) == 0


def test_the_worker_does_it_by_itself_when_nothing_else_waits(review):
    score_backlog()
    assert Reading.objects.get(pk=review.pk).reader == scoring.READER


def test_what_nobody_has_read_comes_first(movie, review):
    other = make_review(movie, make_member(), text=TEXT)
    Reading.objects.filter(pk=other.pk).update(live=False)
    ends_after_one_batch = itertools.chain([0, 0, 0.1], itertools.repeat(99)).__next__
    assert scoring.drain(1, closely=True, clock=ends_after_one_batch) == 1
    readers = dict(Reading.objects.values_list("pk", "reader"))
    assert readers == {review.pk: scoring.AT_FIRST, other.pk: scoring.AT_FIRST}


def test_where_it_could_change_nothing_there_is_none(movie, version):
    review = make_review(movie, make_member(), text="A complete waste of two hours, and of my money.")
    scoring.drain(10)
    assert Reading.objects.get(pk=review.pk).reader == scoring.READER


def test_an_edited_review_begins_anew(review):
    scoring.drain(10, closely=True)
    review.text = f"{TEXT} Never again."
    review.save()
    assert scoring.drain(10) == 1
    assert Reading.objects.get(pk=review.pk).reader == scoring.AT_FIRST


def test_one_that_fails_or_kills_its_worker_leaves_the_review_as_it_was_read(review, monkeypatch):
    before = Score.objects.get(review=review)
    monkeypatch.setattr(scoring, "read_again", lambda *_: 1 / 0)
    for _ in range(Reading.MAX_ATTEMPTS):
        scoring.drain(0, closely=True)
    reading = Reading.objects.get(pk=review.pk)
    assert (reading.quarantined_at, reading.reader, reading.attempts, reading.error) == (None, scoring.READER, 0, "")
    assert (reading.verdict, reading.score_id) == ("negative", before.pk)
    Reading.objects.filter(pk=review.pk).update(reader=scoring.AT_FIRST, attempts=Reading.MAX_ATTEMPTS)
    assert scoring.quarantine_exhausted() == 0
    assert Reading.objects.get(pk=review.pk).reader == scoring.READER
