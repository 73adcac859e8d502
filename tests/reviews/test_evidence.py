"""The marks in a review's text: what is underlined, how strongly, in which words."""

import pytest
from django.template import Context, Template
from django.utils.html import strip_tags

from sentiment.models import Score
from tests.makers import make_member, make_review, read

pytestmark = pytest.mark.django_db

PRAISE, BLAME, ASIDE = "I wept for joy.", "The middle sags a little.", "We sat in row nine."
TEXT = f"{PRAISE} {BLAME} {ASIDE}"


def rendered(review):
    return Template("{% load verdicts %}{% evidence review %}").render(Context({"review": review}))


@pytest.fixture
def review():
    return make_review(author=make_member(), text=TEXT)


def test_sentences_are_marked_by_sign_and_strength(review):
    html = rendered(read(review, 0.8, [(PRAISE, 2.0), (BLAME, -0.8), (ASIDE, 0.05)]))
    assert html == (
        '<p dir="auto"><mark class="g s3"><span class="vh" dir="ltr">praise, strong: </span>I wept for joy.</mark> '
        '<mark class="b s2"><span class="vh" dir="ltr">criticism, clear: </span>The middle sags a little.</mark> '
        "We sat in row nine.</p>"
    )


def test_strength_is_relative_to_the_review(review):
    html = rendered(read(review, 0.55, [(PRAISE, 0.02), (BLAME, -0.006)]))
    assert '<mark class="g s3">' in html
    assert '<mark class="b s1">' in html


def test_an_unread_sentence_or_text_has_no_mark(review):
    assert rendered(review) == f'<p dir="auto">{TEXT}</p>'
    assert rendered(read(review, 0.5, [(PRAISE, None)])) == f'<p dir="auto">{TEXT}</p>'


def test_shares_of_nothing_mark_nothing(review):
    assert "<mark" not in rendered(read(review, 0.5, [(PRAISE, 0.0), (BLAME, 0.0)]))


def test_a_sentence_over_two_lines_carries_one_sign():
    sentence = "A sentence that\ngoes on & on."
    review = make_review(author=make_member(), text=sentence)
    assert rendered(read(review, 0.8, [(sentence, 1.0)])) == (
        '<p dir="auto"><mark class="g s3"><span class="vh" dir="ltr">praise, strong: </span>A sentence that</mark><br>'
        '<mark class="g s3 on">goes on &amp; on.</mark></p>'
    )


@pytest.mark.parametrize(
    "sentences",
    [
        [{"start": -5, "end": 4, "share": 1.0}],
        [{"start": 10, "end": 4, "share": 1.0}],
        [{"start": 0, "end": 10_000, "share": 1.0}],
        [{"start": 9_000, "end": 10_000, "share": 1.0}],
        [{"start": 0, "end": 20, "share": 1.0}, {"start": 10, "end": 30, "share": -1.0}],
        [{"start": 20, "end": 30, "share": 1.0}, {"start": 0, "end": 10, "share": -1.0}],
    ],
)
def test_odd_offsets_lose_no_text(review, sentences):
    read(review, 0.8)
    Score.objects.update(sentences=sentences)
    review.refresh_from_db()
    html = rendered(review)
    for tag in ("praise, strong: ", "criticism, strong: "):
        html = html.replace(tag, "")
    assert strip_tags(html) == TEXT


def test_right_to_left_text_reads_right_to_left():
    text = "فيلم رائع ومؤثر للغاية. النهاية جميلة."
    html = rendered(read(make_review(author=make_member(), text=text), 0.9, [("فيلم رائع ومؤثر للغاية.", 1.0)]))
    assert html.startswith('<p dir="auto"><mark class="g s3"><span class="vh" dir="ltr">')
    assert "فيلم رائع" in html


def test_offsets_count_characters_not_bytes():
    text = "🎬🎬 Éclatant! 🎬 Then it drags on."
    html = rendered(read(make_review(author=make_member(), text=text), 0.4, [("Then it drags on.", -1.0)]))
    assert html.endswith("</span>Then it drags on.</mark></p>")
