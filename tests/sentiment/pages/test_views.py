"""What the pages' live parts and other programs are told."""

import pytest
from django.test import Client
from django.utils import timezone

from sentiment.labelling.labels import relabel
from sentiment.models import ModelVersion, Reading
from sentiment.worker.scoring import drain
from tests.conftest import PAN, PRAISE
from tests.makers import make_member, make_review
from textflix.movies.models import Movie

pytestmark = pytest.mark.usefixtures("nothing_is_off")


def test_the_films_numbers(client: Client, movie: Movie, version: ModelVersion) -> None:
    address = f"/film/{movie.slug}/sentiment.json"
    nothing = {"reviews": 0, "scored": 0, "positive": 0, "negative": 0, "unsure": 0, "unread": 0, "stale": 0}
    unknown = {"share": None, "low": None, "high": None}
    assert client.get(address).json() == nothing | unknown | {"version": version.pk}
    for text in (PRAISE, PRAISE + " Twice.", PAN):
        make_review(movie, make_member(), text=text)
    assert client.get(address).json() == nothing | unknown | {"reviews": 3, "version": version.pk}
    drain(10)
    found = client.get(address).json()
    assert (found["reviews"], found["scored"], found["positive"], found["negative"]) == (3, 3, 2, 1)
    assert found["low"] < found["share"] < found["high"]
    assert client.get("/film/no-such-film/sentiment.json").status_code == 404


def test_a_reviews_verdict(client: Client, movie: Movie, version: ModelVersion) -> None:
    review = make_review(movie, make_member(), text=PRAISE)
    address = f"/review/{review.pk}/verdict.json"
    pending = {"state": "pending", "positive": None, "verdict": None, "label": None, "version": None}
    assert client.get(address).json() == pending
    drain(10)
    found = client.get(address).json()
    assert (found["state"], found["verdict"], found["label"], found["version"]) == (
        "scored",
        "positive",
        None,
        version.pk,
    )
    relabel([review.pk], "negative", source="admin")
    found = client.get(address).json()
    assert (found["state"], found["verdict"], found["label"]) == ("scored", "negative", "negative")
    Reading.objects.update(
        version=None, digest="", score=None, quarantined_at=timezone.now(), positive=None, verdict=""
    )
    assert client.get(address).json()["state"] == "failed"
    review.hidden = True
    review.save()
    assert client.get(address).status_code == 404
    Reading.objects.update(quarantined_at=None)


def test_a_film_says_how_many_readings_are_an_earlier_versions(client, movie: Movie, version, make_version):
    from sentiment.versions.promotion import promote

    make_review(movie, make_member(), text=PRAISE)
    drain(10)
    assert b"earlier version" not in client.get(movie.get_absolute_url()).content
    promote(make_version(), reason="newer")
    assert b"1 read by an earlier version" in client.get(movie.get_absolute_url()).content
    drain(10)
    assert b"earlier version" not in client.get(movie.get_absolute_url()).content
