"""A human beats the model, the newest beats the older, and a text's labels do not outlive it."""

from collections.abc import Callable

import pytest

from sentiment.labelling.labels import relabel
from sentiment.models import Label, ModelVersion, Reading
from sentiment.worker.scoring import drain
from tests.conftest import PRAISE
from tests.makers import make_member, make_review
from textflix.movies.models import Movie
from textflix.reviews.models import Review

pytestmark = pytest.mark.usefixtures("nothing_is_off")


def verdict(review: Review) -> str:
    return Reading.objects.get(pk=review.pk).verdict


def test_a_score_is_the_verdict_where_nobody_labelled(movie: Movie, version: ModelVersion) -> None:
    review = make_review(movie, make_member(), text=PRAISE)
    drain(10)
    assert verdict(review) == "positive"


@pytest.mark.parametrize("source", ["admin", "seed", "author"])
def test_a_label_wins_over_the_score_and_survives_rescoring(
    source: str, movie: Movie, version: ModelVersion, make_version: Callable[[], ModelVersion]
) -> None:
    from sentiment.versions.promotion import promote

    review = make_review(movie, make_member(), text=PRAISE)
    drain(10)
    relabel([review.pk], "negative", source=source)
    assert verdict(review) == "negative"
    newer = make_version()
    promote(newer, reason="newer")
    drain(10)
    assert Reading.objects.get(pk=review.pk).version == newer
    assert verdict(review) == "negative"
    assert {score.version for score in review.scores.all()} == {version, newer}


def test_the_newest_admin_label_decides_and_cleared_falls_through(movie: Movie, version) -> None:
    review = make_review(movie, make_member(), text=PRAISE)
    drain(10)
    steps = [
        ("author", "unsure", "unsure"),
        ("admin", "negative", "negative"),
        ("author", "positive", "negative"),
        ("admin", "unsure", "unsure"),
        ("admin", "cleared", "positive"),
        ("author", "negative", "negative"),
        ("author", "cleared", "positive"),
    ]
    for source, value, expected in steps:
        relabel([review.pk], value, source=source)
        assert verdict(review) == expected, (source, value)
    assert Label.objects.count() == len(steps)


def test_imported_labels_are_never_verdicts(movie: Movie, version: ModelVersion) -> None:
    review = make_review(movie, make_member(), text=PRAISE)
    relabel([review.pk], "negative", source="imported")
    assert verdict(review) == ""
    drain(10)
    assert verdict(review) == "positive"


def test_a_label_belongs_to_the_text_it_was_given_to(movie: Movie, version: ModelVersion) -> None:
    review = make_review(movie, make_member(), text=PRAISE)
    before = review.text
    relabel([review.pk], "negative", source="admin")
    review.text = before + " I would see it again tomorrow."
    review.save()
    assert verdict(review) == ""
    drain(10)
    assert verdict(review) == "positive"
    review.text = before
    review.save()
    assert verdict(review) == "negative"
