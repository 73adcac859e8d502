"""Pages stay small and quick whatever reviews are on them, and say where they leave something out."""

import re
import time

import pytest
from django.test import Client

from sentiment.core.critic.marks import MOST as MARKS
from sentiment.models import Highlight, Judgement, ModelVersion, Score
from sentiment.pages.marked_text import TOLD
from sentiment.worker.scoring import drain
from tests.hostile import shown_text
from tests.makers import make_member, make_review, read
from textflix.movies.models import Movie
from textflix.reviews.models import Review

pytestmark = pytest.mark.usefixtures("nothing_is_off")

MOST = 20
CLAIMS = "Good plot. Bad music. Great cast. Awful jokes. Good pacing. Bad ending. Great images. Awful lines. "
LEFT_OUT = "It says more of aspects than can be shown"


def fill(movie: Movie, unit: str, length: int = Review.MAX_LENGTH) -> list[Review]:
    texts = [f"Number {n} is good. " + unit * (length // len(unit)) for n in range(MOST)]
    return [make_review(movie, make_member(f"m{n}"), text=text[:length].strip()) for n, text in enumerate(texts)]


@pytest.mark.parametrize(
    "unit", [CLAIMS, "A. b! ", "a\n", "a\n\n", "\u200b\n\nx. ", "The plot is good, but the music. "]
)
def test_a_film_page_of_hostile_reviews_is_not_many_times_larger_than_their_texts(
    client: Client, movie: Movie, version: ModelVersion, unit: str
) -> None:
    fill(movie, unit)
    assert drain(300) == MOST
    assert len(client.get(movie.get_absolute_url()).content) < 5 * MOST * Review.MAX_LENGTH


def test_twenty_reviews_of_white_space_cost_a_film_page_hardly_anything(client: Client, movie: Movie) -> None:
    # As they came in while the form let them through, or out of a file.
    for n, review in enumerate(fill(movie, "plain words. ", 150)):
        Review.objects.filter(pk=review.pk).update(text=f"Number {n}." + " " * 19_000 + "The end.")
    # For members a page is made anew each time.
    client.force_login(make_member("reader"))
    client.get(movie.get_absolute_url())
    started = time.process_time()
    assert client.get(movie.get_absolute_url()).status_code == 200
    assert time.process_time() - started < 1


def marked(client: Client, review: Review) -> str:
    page = client.get(review.get_absolute_url()).content.decode()
    (text,) = re.findall(rf'<div class="text" id="text-{review.pk}">(.*?)</div>\n', page, re.DOTALL)
    return text


def test_what_is_left_out_of_a_review_is_said_and_every_claim_still_leads_to_its_sentence(
    client: Client, movie: Movie, version: ModelVersion
) -> None:
    review = make_review(movie, make_member(), text=f"It is good, and that is all that I can say. {CLAIMS * 40}")
    assert drain(60) == 1
    html = marked(client, review)
    assert 1 <= html.count("<mark") <= MARKS
    assert html.count('class="says') == TOLD
    assert html.count(LEFT_OUT) == 1
    assert "".join(shown_text(html).split()) == "".join(review.text.split())
    linked = [*Judgement.objects.filter(review=review), *Highlight.objects.filter(review=review)]
    assert linked
    assert all(f'id="s{review.pk}-{each.start}"' in html for each in linked)
    client.cookies["analysis"] = "off"
    plain = marked(client, review)
    assert all(f'id="s{review.pk}-{each.start}"' in plain for each in linked)
    assert not re.search(f"{LEFT_OUT}|<mark|class=", plain)


def test_an_ordinary_review_is_shown_without_a_word_about_it(client: Client, movie: Movie) -> None:
    sentences = [f"Scene number {n} is moving and funny." for n in range(TOLD)]
    review = make_review(movie, make_member(), text=" ".join(sentences))
    html = marked(client, read(review, 0.9, [(sentence, 0.1) for sentence in sentences]))
    assert html.count("<mark") == MARKS
    assert LEFT_OUT not in html


def test_a_text_of_many_paragraphs_keeps_its_lines_apart(client: Client, movie: Movie) -> None:
    review = make_review(movie, make_member(), text="\n\n".join(f"Paragraph {n}." for n in range(500)))
    html = marked(client, review)
    assert html.count("<p") == 200
    assert "Paragraph 499." in html
    assert "Paragraph 300.<br><br>Paragraph 301." in html


# In the second, every other sentence is of a character that is drawn as nothing, and that no critic is given.
@pytest.mark.parametrize("unit", ["A. b! ", "Good.\n\n\u200b\n\n"])
def test_a_text_of_thousands_of_sentences_keeps_few_of_those_that_decided_nothing(
    movie: Movie, version: ModelVersion, unit: str
) -> None:
    review = make_review(movie, make_member(), text=unit * (Review.MAX_LENGTH // len(unit)))
    assert drain(60) == 1
    sentences = Score.objects.get(review=review).sentences
    assert len(sentences) < 500
    assert [s["start"] for s in sentences] == sorted(s["start"] for s in sentences)
    assert sentences[-1]["end"] == len(review.text.rstrip())
