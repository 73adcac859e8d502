"""The marks in a review's text: what is underlined, how strongly, in which words."""

import re

import pytest
from django.template import Context, Template
from django.utils.html import strip_tags

from sentiment.models import Score
from tests.makers import make_member, make_review, read
from textflix.reviews.models import Review

pytestmark = pytest.mark.django_db

PRAISE, BLAME, ASIDE = "I wept for joy.", "The middle sags a little.", "We sat in row nine."
TEXT = f"{PRAISE} {BLAME} {ASIDE}"
WORDS = r"[0-9]+% of the verdict, (for|against) the film, [a-z]+: "


def with_places(review):
    return Template("{% load verdicts %}{% evidence review %}").render(Context({"review": review}))


def rendered(review):
    """Without the places of its sentences and the links to them, which have a test of their own."""
    html = re.sub(r' id="s[0-9-]+"|<a [^>]*>|</a>', "", with_places(review))
    return re.sub(r"<span>([^<]*)</span>", r"\1", html)


@pytest.fixture
def review():
    return make_review(author=make_member(), text=TEXT)


def test_sentences_are_marked_by_sign_and_strength(review):
    html = rendered(read(review, 0.8, [(PRAISE, 2.0), (BLAME, -0.8), (ASIDE, 0.0)]))
    assert html == (
        '<p dir="auto"><mark class="g s3"><span class="vh" dir="ltr">71% of the verdict, for the film, strong: </span>'
        'I wept for joy.</mark> <mark class="b s2"><span class="vh" dir="ltr">29% of the verdict, against the film, '
        "clear: </span>The middle sags a little.</mark> "
        "We sat in row nine.</p>"
    )


def test_every_sentence_that_was_read_has_a_place_of_its_own(review):
    html = with_places(read(review, 0.8, [(PRAISE, 2.0), (BLAME, -0.8), (ASIDE, 0.05)]))
    places = re.findall(r'id="(s[0-9-]+)"', html)
    assert places == [f"s{review.pk}-{TEXT.index(sentence)}" for sentence in (PRAISE, BLAME, ASIDE)]


def test_strength_is_on_one_scale_for_all_reviews(review):
    assert re.findall('class="([gb] s[123])"', rendered(read(review, 0.9, [(PRAISE, 2.0), (BLAME, -0.6)]))) == [
        "g s3",
        "b s2",
    ]
    other = make_review(author=make_member(), text=TEXT)
    assert re.findall('class="([gb] s[123])"', rendered(read(other, 0.55, [(PRAISE, 0.4), (BLAME, -0.1)]))) == [
        "g s1",
        "b s1",
    ]


def test_a_mark_says_where_its_exact_share_is_of_the_other_sign(review):
    score = read(review, 0.8, [(PRAISE, 2.0), (BLAME, 0.5)]).reading.score
    score.sentences[1] |= {"sign": "-", "effect": -0.7}
    score.save()
    html = rendered(Review.objects.for_pages().get())
    words = "20% of the verdict, for the film, though it speaks against it, clear: "
    assert f'<mark class="b s2"><span class="vh" dir="ltr">{words}</span>{BLAME}</mark>' in html


def test_a_text_that_was_not_read_has_no_mark(review):
    assert rendered(review) == f'<p dir="auto">{TEXT}</p>'


def test_what_was_cut_out_is_said_once_not_to_have_been_read(review):
    html = rendered(read(review, 0.8, [(PRAISE, 2.0), (BLAME, None), (ASIDE, None)]))
    assert html.count("not read: ") == 1
    assert html.endswith(f'<span class="unread"><span class="vh" dir="ltr">not read: </span>{BLAME} {ASIDE}</span></p>')


def test_shares_of_nothing_mark_nothing(review):
    assert "<mark" not in rendered(read(review, 0.5, [(PRAISE, 0.0), (BLAME, 0.0)]))


def test_a_sentence_over_two_lines_carries_one_sign():
    sentence = "A sentence that\ngoes on & on."
    review = make_review(author=make_member(), text=sentence)
    assert rendered(read(review, 0.8, [(sentence, 2.0)])) == (
        '<p dir="auto"><mark class="g s3"><span class="vh" dir="ltr">100% of the verdict, for the film, strong: </span>'
        "A sentence that<br>goes on &amp; on.</mark></p>"
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
    review = Review.objects.for_pages().get()
    html = rendered(review)
    assert re.sub(WORDS, "", strip_tags(html)) == TEXT


def test_right_to_left_text_reads_right_to_left():
    text = "فيلم رائع ومؤثر للغاية. النهاية جميلة."
    html = rendered(read(make_review(author=make_member(), text=text), 0.9, [("فيلم رائع ومؤثر للغاية.", 2.0)]))
    assert html.startswith('<p dir="auto"><mark class="g s3"><span class="vh" dir="ltr">')
    assert "فيلم رائع" in html


def test_offsets_count_characters_not_bytes():
    text = "🎬🎬 Éclatant! 🎬 Then it drags on."
    html = rendered(read(make_review(author=make_member(), text=text), 0.4, [("Then it drags on.", -1.0)]))
    assert html.endswith("</span>Then it drags on.</mark></p>")


class TestFolding:
    SENTENCES = [f"This is sentence number {n} of a review that goes on for a very long time." for n in range(40)]
    LONG = " ".join(SENTENCES)

    def folded(self, text, shares):
        review = read(make_review(author=make_member(), text=text), 0.9, shares)
        return Template("{% load verdicts %}{% evidence review fold=True %}").render(Context({"review": review}))

    def test_a_long_text_goes_on_behind_a_button_between_two_sentences(self):
        html = self.folded(self.LONG, [(sentence, 0.01) for sentence in self.SENTENCES])
        shown, hidden = html.split('<details class="fold"><summary>Read on</summary>')
        assert 800 < len(re.sub(WORDS, "", strip_tags(shown))) < 1_200
        assert hidden.endswith("</details>")
        words = re.sub(WORDS, "", strip_tags(shown + " " + hidden))
        assert words.split() == self.LONG.split()

    @pytest.mark.parametrize("text", [TEXT, " ".join(SENTENCES[:15])])
    def test_what_is_not_much_longer_is_shown_whole(self, text):
        assert "<details" not in self.folded(text, [(text.split(". ")[0], 1.0)])

    def test_a_long_text_that_was_not_read_yet_is_shown_whole(self):
        assert "<details" not in self.folded(self.LONG, [])
