"""The critic's marks can be hidden, and stay hidden; the reviews themselves never go."""

import pytest

from tests.makers import TEXT, make_member, make_movie, make_review, read

pytestmark = pytest.mark.django_db


ANALYSIS = (
    "<mark",
    'class="verdict"',
    "not read",
    "marks-key",
    "Did we misread it?",
    "Did we read you right?",
    'href="#s',
    'class="says',
)


def pages(client, review):
    return [client.get(place.get_absolute_url()).content.decode() for place in (review, review.movie, review.author)]


def test_it_is_remembered_and_leads_back(client):
    review = read(make_review(make_movie(), make_member()), 0.9, [(TEXT, 1.0)])
    page = review.get_absolute_url()
    assert "Hide analysis" in client.get(page).content.decode()
    answer = client.post("/analysis/", {"analysis": "off", "next": f"{page}#reviews"})
    assert answer["Location"] == f"{page}#reviews"
    assert all("<mark" not in html for html in pages(client, review))
    client.post("/analysis/", {"analysis": "on", "next": page})
    assert all("<mark" in html for html in pages(client, review))


@pytest.mark.parametrize("who", ["author", "reader", "visitor"])
def test_without_it_a_text_is_a_text_with_places_that_links_lead_to(client, who):
    review = make_review(make_movie(), make_member(), text=f"{TEXT} Nobody read this.")
    review = read(review, 0.9, [(TEXT, 1.0), ("Nobody read this.", None)])
    review.reading.score.mentions.create(aspect="ending", start=0, end=len(TEXT), positive=0.9)
    if who != "visitor":
        client.force_login(review.author if who == "author" else make_member("eve"))
    client.post("/analysis/", {"analysis": "off", "next": "/"})
    for html in pages(client, review):
        assert [part for part in ANALYSIS if part in html] == []
        assert f'<span id="s{review.pk}-0">{TEXT}</span>' in html


def test_without_it_no_page_waits_for_a_verdict(client):
    review = make_review(make_movie(), make_member())
    client.post("/analysis/", {"analysis": "off", "next": "/"})
    assert 'hx-get="/review/' not in client.get(review.get_absolute_url()).content.decode()


@pytest.mark.parametrize("elsewhere", ["https://example.org/", "//example.org", "javascript:alert(1)", "foo", ""])
def test_it_leads_nowhere_else(client, elsewhere):
    assert client.post("/analysis/", {"analysis": "off", "next": elsewhere})["Location"] == "/"


def test_looking_changes_nothing(client):
    page = client.get("/analysis/", {"analysis": "off", "next": "/films/"}).content.decode()
    assert not client.cookies.get("analysis")
    assert '<form class="actions" method="post" action="/analysis/">' in page
    assert 'name="next" value="/films/"' in page


def test_the_page_that_asks_offers_what_is_not_so_yet(client):
    assert "Hide analysis" in client.get("/analysis/").content.decode()
    client.post("/analysis/", {"analysis": "off"})
    assert "Show analysis" in client.get("/analysis/").content.decode()


def test_the_page_that_asks_leads_nowhere_else(client):
    assert "example.org" not in client.get("/analysis/", {"next": "https://example.org/"}).content.decode()
