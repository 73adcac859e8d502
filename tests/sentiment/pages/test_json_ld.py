"""What machines are told: members' reviews with praise and criticism, never demo ones, never the model as a rating."""

import json
import re
from io import BytesIO

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from PIL import Image

from sentiment.labelling.labels import relabel
from sentiment.models import MovieSentiment
from sentiment.pages.share_card import SIZE, draw, face, wrapped
from sentiment.verdicts.aggregates import refresh
from sentiment.verdicts.effective import settle
from tests.makers import TEXT, make_member, make_movie, make_review, read
from tests.reviews.payloads import PAYLOADS
from textflix.reviews.models import Source

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("nothing_is_off")]

PRAISE, BLAME = "The second half is a joy,", "and the ending earned its tears."


@pytest.fixture
def movie():
    return make_movie(title='Rear "Window"')


def page(client, movie):
    return client.get(movie.get_absolute_url()).content.decode()


def told(client, movie):
    found = re.findall(r'<script type="application/ld\+json">(.*?)</script>', page(client, movie), re.DOTALL)
    return json.loads(found[0]) if found else None


def test_a_film_its_reviews_and_their_notes(client, movie):
    read(make_review(movie, make_member("ada"), stars=8), 0.9, [(PRAISE, 2.0), (BLAME, -1.5)])
    found = told(client, movie)
    assert (found["@type"], found["name"], found["dateCreated"]) == ("Movie", 'Rear "Window"', "1954")
    (review,) = found["review"]
    assert review["author"]["name"] == "ada"
    assert review["reviewRating"]["ratingValue"] == 4
    assert review["positiveNotes"]["itemListElement"][0]["name"] == PRAISE
    assert review["negativeNotes"]["itemListElement"][0]["name"] == BLAME
    assert "aggregateRating" not in json.dumps(found)


def notes(client, movie):
    (review,) = told(client, movie)["review"]
    sides = [review.get(name, {"itemListElement": []}) for name in ("positiveNotes", "negativeNotes")]
    return tuple([each["name"] for each in side["itemListElement"]] for side in sides)


def test_a_sentence_that_is_not_marked_is_no_note(client, movie):
    review = read(make_review(movie, make_member("ada")), 0.9, [(PRAISE, 2.0), (BLAME, -1.5)])
    score = review.reading.score
    del score.sentences[1]["mark"], score.sentences[1]["sign"]
    score.save()
    settle([review.pk])
    refresh([movie.pk])
    assert notes(client, movie) == ([PRAISE], [])


@pytest.mark.parametrize(("label", "expected"), [("negative", ([], [])), ("positive", ([PRAISE], [BLAME]))])
def test_where_its_author_says_that_the_critic_was_wrong_its_reasons_are_not_told(client, movie, label, expected):
    review = read(make_review(movie, make_member("ada")), 0.9, [(PRAISE, 2.0), (BLAME, -1.5)])
    relabel([review.pk], label, source="author")
    assert notes(client, movie) == expected


def test_what_is_said_twice_is_told_once(client, movie):
    review = make_review(
        movie, make_member("ada"), text="A joy from end to end. A joy\nfrom end to end. Go and see it."
    )
    read(review, 0.9, [("A joy from end to end.", 2.0), ("A joy\nfrom end to end.", 1.9), ("Go and see it.", 1.0)])
    assert notes(client, movie) == (["A joy from end to end.", "Go and see it."], [])


def test_the_notes_of_all_reviews_cost_one_query(client, movie, django_assert_num_queries):
    def write(name):
        review = read(make_review(movie, make_member(name)), 0.9, [(PRAISE, 2.0)])
        review.reading.score.mentions.create(aspect="story", start=0, end=len(PRAISE), positive=0.9)
        settle([review.pk])
        refresh([movie.pk])

    write("ada")
    with CaptureQueriesContext(connection) as queries:
        page(client, movie)
    assert sum("sentiment_aspectmention" in each["sql"] for each in queries) == 1
    for name in ("bob", "cy", "dee"):
        write(name)
    with django_assert_num_queries(len(queries)):
        page(client, movie)


def test_a_film_with_demo_or_imported_reviews_is_told_to_no_machine(client, movie):
    read(make_review(movie, make_member("ada")), 0.9)
    make_review(movie, source=Source.DEMO, external_id="demo/1")
    assert told(client, movie) is None
    assert "og:image" not in page(client, movie)
    assert client.get(f"{movie.get_absolute_url()}card.png").status_code == 404


def test_spoilers_are_not_given_away(client, movie):
    read(make_review(movie, make_member("ada"), spoiler=True), 0.9)
    assert "review" not in told(client, movie)
    assert TEXT not in client.get(f"{movie.get_absolute_url()}feed/").content.decode()


@pytest.mark.parametrize("payload", [*PAYLOADS, "</script><script>alert(1)</script>", "\u2028\u2029 & <!-- <script>"])
def test_payloads_stay_text(client, movie, payload):
    text = f"{payload} and twenty more characters"
    read(make_review(movie, make_member("ada"), text=text), 0.9)
    assert told(client, movie)["review"][0]["reviewBody"] == text
    html = page(client, movie)
    assert html.count('<script type="application/ld+json">') == 1
    assert "alert(1)</script>" not in html.replace("&lt;", "")


def test_the_card_is_a_picture_of_the_right_size(client, movie):
    read(make_review(movie, make_member("ada")), 0.9, [(PRAISE, 2.0)])
    assert f"{movie.get_absolute_url()}card.png" in page(client, movie)
    answer = client.get(f"{movie.get_absolute_url()}card.png")
    assert answer["Content-Type"] == "image/png"
    picture = Image.open(BytesIO(answer.content))
    assert picture.size == SIZE
    assert len(picture.getcolors(1 << 20)) > 10


@pytest.mark.parametrize(
    "text", ["", "Short", "A title that goes on and on " * 9, "Antidisestablishmentarian" * 9, "電影" * 60]
)
def test_any_title_fits_the_card(text):
    font = face(72, 600)
    lines = wrapped(text, font, 2)
    assert len(lines) <= 2
    assert all(font.length(line) <= SIZE[0] - 140 for line in lines)
    if len(text) > 200:
        assert lines[-1].endswith("…")


@pytest.mark.parametrize(("positive", "unsure", "negative"), [(999, 0, 1), (1, 1, 5000), (1, 0, 0), (0, 3, 0)])
def test_a_side_of_one_in_thousands_is_drawn_as_well(movie, positive, unsure, negative):
    sentiment = MovieSentiment(movie=movie, positive=positive, unsure=unsure, negative=negative)
    assert Image.open(BytesIO(draw(movie, sentiment, PRAISE))).size == SIZE


def test_a_card_says_nothing_of_too_few_reviews(movie):
    few = MovieSentiment(movie=movie, positive=1)
    other = MovieSentiment(movie=movie, positive=2)
    assert draw(movie, few, "") == draw(movie, other, ""), "neither says how many"


def test_letters_beyond_latin_1_are_written_and_a_quote_in_another_script_is_left_out(movie):
    font, sentiment = face(40, 400), MovieSentiment(movie=movie, positive=9)
    assert font.can_write("Želary, Ceaușescu, naïve — “őł”")
    assert not font.can_write("電影")
    assert draw(movie, sentiment, "電影") == draw(movie, sentiment, "")
    assert draw(movie, sentiment, "Želary") != draw(movie, sentiment, "")
