"""A text that is not English, or holds nothing to read: kept and shown, and never counted for or against a film."""

import pytest
from django.test import Client

from sentiment.labelling.labels import relabel
from sentiment.models import Judgement, ModelVersion, MovieSentiment, Reading, ScoreRequest
from sentiment.worker import score_requests, scoring
from tests.conftest import PAN, PRAISE
from tests.makers import make_member, make_review
from textflix.movies.models import Movie

pytestmark = pytest.mark.usefixtures("nothing_is_off")
GERMAN = "Der schlechteste Film, den ich je gesehen habe. Furchtbar langweilig und dumm."
RATED = "My rating: 10/10. See you next week."


def read_all(movie: Movie, *texts: str) -> list[str]:
    """Post reviews and read them; returns their addresses."""
    reviews = [make_review(movie, make_member(), text=text) for text in texts]
    scoring.drain(10)
    return [review.get_absolute_url() for review in reviews]


def words(client: Client, address: str) -> str:
    return " ".join(client.get(address).content.decode().split())


def test_it_is_finished_and_counted_apart(client: Client, movie: Movie, version: ModelVersion) -> None:
    read_all(movie, PRAISE, GERMAN, "!" * 30)
    counts = client.get(f"/film/{movie.slug}/sentiment.json").json()
    assert {name: counts[name] for name in ("reviews", "scored", "positive", "negative", "unsure", "unread")} == {
        "reviews": 3,
        "scored": 3,
        "positive": 1,
        "negative": 0,
        "unsure": 0,
        "unread": 2,
    }
    assert counts["share"] == 1
    assert MovieSentiment.objects.get().pending == 0
    assert set(Judgement.objects.values_list("review__text", flat=True)) == {PRAISE}
    assert scoring.drain(10) == 0, "nothing is left to be read"
    page = words(client, movie.get_absolute_url())
    assert "2 not in English, or with nothing to read" in page
    assert "<li>2 not judged: not in English, or with nothing to read</li>" in page
    assert "hx-trigger" not in page.split('id="film-share"')[1][:300], "nobody waits for them"


@pytest.mark.parametrize(("text", "why"), [(GERMAN, "it does not seem to be English"), ("?! " * 12, "nothing to read")])
def test_its_page_says_why(client: Client, movie: Movie, version: ModelVersion, text: str, why: str) -> None:
    (address,) = read_all(movie, text)
    page = words(client, address)
    assert f"<strong>Not read</strong> · {why}" in page
    assert "reading…" not in page
    assert "Could not be read" not in page
    found = client.get(f"{address}verdict.json").json()
    assert (found["state"], found["verdict"], found["positive"], found["version"]) == ("unread", None, None, version.pk)
    assert "1 review, not in English, or with nothing to read." in words(client, movie.get_absolute_url())


def test_a_label_gives_it_a_verdict_as_ever(client: Client, movie: Movie, version: ModelVersion) -> None:
    (address,) = read_all(movie, GERMAN)
    relabel([Reading.objects.get().pk], "negative", source="admin")
    assert client.get(f"{address}verdict.json").json()["verdict"] == "negative"
    counts = client.get(f"/film/{movie.slug}/sentiment.json").json()
    assert (counts["negative"], counts["unread"]) == (1, 0)


def test_an_edited_one_is_read(client: Client, movie: Movie, version: ModelVersion) -> None:
    review = make_review(movie, make_member(), text=GERMAN)
    scoring.drain(10)
    review.text = PAN
    review.save()
    assert Reading.objects.get().state == "pending"
    scoring.drain(10)
    assert (Reading.objects.get().verdict, Reading.objects.get().unread) == ("negative", "")


def test_a_page_says_where_a_rating_decided_and_where_no_word_judges(client, movie: Movie, version) -> None:
    rated, short = read_all(movie, RATED, "We saw it last Tuesday.")
    assert "by the rating it states: no other word in it judges" in words(client, rated)
    assert "<strong>Reads positive</strong> · 95%" in words(client, rated)
    assert client.get(f"{rated}verdict.json").json()["positive"] == 0.95
    assert "<strong>Unsure</strong>" in words(client, short)
    assert "no word in it judges" in words(client, short)


def test_a_text_that_is_tried_is_left_unread_too(client: Client, version: ModelVersion) -> None:
    address = client.post("/critic/try/", {"text": GERMAN})["Location"]
    assert score_requests.read_waiting(version) == 1
    page = words(client, address)
    assert "<strong>Not read</strong> · it does not seem to be English" in page
    assert "reading…" not in page
    assert not ScoreRequest.objects.get().failed
