from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from sentiment.labelling.labels import relabel
from sentiment.models import ModelVersion
from sentiment.versions.promotion import promote
from tests.makers import TEXT, make_member, make_movie, make_review, read
from tests.reviews.payloads import PAYLOADS
from textflix.reviews.models import Review

pytestmark = pytest.mark.django_db


class Elements(HTMLParser):
    """Tags and their attributes, as a browser would see them; less those that a review's own line breaks bring."""

    def __init__(self, html):
        super().__init__()
        self.seen = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        if tag not in ("br", "mark", "span"):
            self.seen.append((tag, frozenset(name for name, _ in attrs)))


def elements(client, path):
    return sorted(Elements(client.get(path).content.decode()).seen, key=repr)


def test_there_are_fifty_payloads():
    assert len(set(PAYLOADS)) == 50


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_payload_stays_text(client, payload):
    member = make_member()
    review = make_review(make_movie(), member, text="Harmless words, twenty and more of them.")
    sentence = "Sentence with more to read."
    paths = [review.get_absolute_url(), member.get_absolute_url()]
    Review.objects.filter(pk=review.pk).update(text=sentence)
    read(Review.objects.get(), 0.9, [(sentence, 1.0)])
    harmless = [elements(client, path) for path in paths]
    hostile = make_review(
        make_movie("other", title=f"Film {payload}"), make_member("bob"), text=f"{payload} {sentence}".strip()
    )
    read(hostile, 0.9, [(hostile.text, 1.0)])
    attacked = [elements(client, path) for path in [hostile.get_absolute_url(), hostile.author.get_absolute_url()]]
    assert attacked == harmless


def test_paragraphs_and_lines_are_kept(client):
    review = make_review(author=make_member(), text="First line,\nsecond line.\n\nAnother paragraph\tof it.")
    page = client.get(review.get_absolute_url()).content.decode()
    assert '<p dir="auto">First line,<br>second line.</p><p dir="auto">Another paragraph\tof it.</p>' in page


def test_a_spoiler_is_hidden_until_asked_for(client):
    review = make_review(author=make_member(), spoiler=True)
    for path in (review.get_absolute_url(), review.author.get_absolute_url()):
        page = client.get(path).content.decode()
        before, _, rest = page.partition('<details class="spoiler">')
        assert TEXT not in before
        assert TEXT in rest.partition("</details>")[0]


@pytest.mark.parametrize(
    ("source", "pill", "noindex"),
    [
        ("member", None, False),
        ("demo", "written for the demo", True),
        ("aclimdb", "imported for evaluation", True),
        ("file", "imported for evaluation", True),
    ],
)
def test_what_was_not_written_by_a_member_says_so_and_stays_out_of_search_engines(client, source, pill, noindex):
    page = client.get(make_review(source=source).get_absolute_url()).content.decode()
    assert ('name="robots" content="noindex"' in page) == noindex
    for words in ("written for the demo", "imported for evaluation"):
        assert (words in page) == (words == pill)


def test_an_imported_review_shows_neither_date_nor_author(client):
    page = client.get(make_review(source="aclimdb").get_absolute_url()).content.decode()
    assert "<time" not in page
    assert "/member/" not in page


def test_half_stars_are_drawn_and_spelled(client):
    page = client.get(make_review(author=make_member(), stars=7).get_absolute_url()).content.decode()
    assert 'aria-label="3.5 of 5 stars">★★★½<' in page
    form = make_review(make_movie("b"), make_member("bob"))
    client.force_login(form.author)
    options = client.get(f"/review/{form.pk}/edit/").content.decode()
    assert [half in options for half in ("½ (0.5 of 5)", "★★½ (2.5 of 5)", "★★★★★ (5 of 5)")] == [True] * 3


class TestVerdict:
    def page(self, client, review):
        return " ".join(client.get(review.get_absolute_url()).content.decode().split())

    def test_an_unread_review_asks_again_and_says_what_to_do_without_scripts(self, client):
        review = make_review(author=make_member())
        page = self.page(client, review)
        assert f'hx-get="/review/{review.pk}/reading/?every=1s&amp;whole=1"' in page
        assert "reading…" in page
        assert "Reload the page" in page

    @pytest.mark.parametrize(
        ("positive", "words"),
        [
            (0.93, "<strong>Reads positive</strong> · 93%"),
            (0.12, "<strong>Reads negative</strong> · 88%"),
            (0.52, "<strong>Unsure</strong> · 52% positive"),
            (0.9999, "<strong>Reads positive</strong> · 99%"),
            (0.0001, "<strong>Reads negative</strong> · 99%"),
        ],
    )
    def test_a_read_review_says_how_and_asks_no_more(self, client, positive, words):
        page = self.page(client, read(make_review(author=make_member()), positive))
        assert words in page
        assert 'hx-get="/review/' not in page

    def test_a_person_outranks_the_critic(self, client):
        review = read(make_review(author=make_member()), 0.93)
        relabel([review.pk], "negative", source="admin", by=make_member("staff"))
        assert '<strong>Labelled negative</strong> <span class="by">by staff</span>' in self.page(client, review)
        relabel([review.pk], "cleared", source="admin")
        relabel([review.pk], "unsure", source="author", by=review.author)
        assert '<strong>Labelled unsure</strong> <span class="by">by its author</span>' in self.page(client, review)

    def test_an_unreadable_review_says_so(self, client):
        review = make_review(author=make_member())
        type(review.reading).objects.update(quarantined_at=datetime.now(UTC))
        assert "Could not be read" in self.page(client, review)
        relabel([review.pk], "positive", source="admin")
        page = self.page(client, review)
        assert '<span class="sign g" aria-hidden="true">+</span> <div><strong>Labelled positive</strong>' in page
        assert "Could not be read" not in page

    def test_a_version_leads_to_its_record_and_an_earlier_one_is_called_so(self, client):
        review = read(make_review(author=make_member()), 0.93)
        link = f'<a href="/critic/#version-{review.reading.version_id}">version {review.reading.version_id}</a>'
        promote(review.reading.version, reason="the first")
        assert f"{link}</span>" in self.page(client, review)
        newer = ModelVersion.objects.create(name="newer", fingerprint="e" * 64, method="probe", layers=4, labels=500)
        promote(newer, reason="newer")
        assert f"{link}, an earlier version</span>" in self.page(client, review)

    def test_the_score_of_an_earlier_text_is_not_shown(self, client):
        review = read(make_review(author=make_member()), 0.93, [(TEXT, 2.0)])
        Review.objects.filter(pk=review.pk).update(text="A wholly different opinion by now.")
        page = self.page(client, review)
        assert "93%" not in page
        assert "<mark" not in page


@pytest.mark.parametrize("signed_in", [False, True])
def test_pages_take_few_queries_however_many_reviews(client, signed_in):
    member = make_member()
    for number in range(25):
        read(make_review(make_movie(f"film-{number}"), member, text=f"{number}: {TEXT}"), 0.9)
    if signed_in:
        client.force_login(member)
    for path, limit in ((f"/review/{Review.objects.first().pk}/", 5), (f"/member/{member.username}/", 5)):
        with CaptureQueriesContext(connection) as queries:
            assert client.get(path).status_code == 200
        # Who they are and what they wrote is asked for members, the page's revision for visitors.
        assert len(queries) <= limit + (2 if signed_in else 1), [query["sql"] for query in queries]
