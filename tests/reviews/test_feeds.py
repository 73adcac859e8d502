"""Feeds of what members write: well-formed whatever they wrote, and without what is hidden, imported or made up."""

from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest

from tests.makers import TEXT, make_member, make_movie, make_review
from tests.reviews.payloads import PAYLOADS
from textflix.reviews.models import Source

pytestmark = pytest.mark.django_db

ATOM = "{http://www.w3.org/2005/Atom}"


class _Told(HTMLParser):
    """What a feed reader makes of a summary: its text, and the elements in it."""

    def __init__(self, summary):
        super().__init__()
        self.text, self.elements = "", set()
        self.feed(summary)

    def handle_starttag(self, tag, attributes):
        self.elements.add(tag)

    def handle_data(self, data):
        self.text += data


def entries(client, address):
    answer = client.get(address)
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("application/atom+xml")
    feed = ElementTree.fromstring(answer.content)
    found = [(e.findtext(f"{ATOM}title"), _Told(e.findtext(f"{ATOM}summary"))) for e in feed.iter(f"{ATOM}entry")]
    assert all(told.elements <= {"p", "br"} for _, told in found), "what somebody wrote became markup"
    return [(title, told.text) for title, told in found]


def test_a_films_and_a_members_reviews_the_newest_first(client):
    film, other, ada = make_movie(), make_movie("vertigo", title="Vertigo"), make_member("ada")
    make_review(film, ada)
    make_review(film, make_member("bob"), text=f"Bob: {TEXT}")
    make_review(other, ada, text=f"Other: {TEXT}")
    assert entries(client, "/film/rear-window/feed/") == [
        ("Rear Window (1954), by bob", f"Bob: {TEXT}"),
        ("Rear Window (1954), by ada", TEXT),
    ]
    assert [title for title, _ in entries(client, "/member/ada/feed/")] == [
        "Vertigo (1954), by ada",
        "Rear Window (1954), by ada",
    ]


def test_what_is_hidden_imported_or_made_up_is_in_none(client):
    film = make_movie()
    make_review(film, make_member("ada"), hidden=True)
    make_review(film, source=Source.DEMO, external_id="demo/1")
    make_review(film, source=Source.ACLIMDB, external_id="train/pos/1")
    assert entries(client, "/film/rear-window/feed/") == []
    make_member("demo-writer-01", is_demo=True)
    assert client.get("/member/demo-writer-01/feed/").status_code == 404
    assert client.get("/film/nowhere/feed/").status_code == 404


@pytest.mark.parametrize("payload", [*PAYLOADS, "<b>a</b> < b & c", "\x01\x0b\x1f \ufffe", "مراجعة \u202e بالعربية"])
def test_any_text_makes_a_well_formed_feed(client, payload):
    make_review(make_movie(), make_member("ada"), text=f"{payload} and some more words for the minimum")
    ((_, summary),) = entries(client, "/film/rear-window/feed/")
    assert summary.endswith("and some more words for the minimum")


def test_pages_name_their_feeds(client):
    make_review(make_movie(), make_member("ada"))
    assert 'href="/film/rear-window/feed/"' in client.get("/film/rear-window/").content.decode()
    assert 'href="/member/ada/feed/"' in client.get("/member/ada/").content.decode()
