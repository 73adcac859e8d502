"""What an open page gets when it asks again: nothing while nothing has changed, then all that a reload would bring."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.utils import timezone

from sentiment.models import Reading, ScoreRequest
from tests.makers import TEXT, make_member, make_movie, make_review, read
from textflix.reviews.models import Review

pytestmark = pytest.mark.django_db
ASKED = "Did we read you right?"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def review():
    return make_review(author=make_member())


def html(client, address, **headers):
    return client.get(address, headers=headers).content.decode()


def asked_by(markup):
    """The address that a verdict, or a text that is tried, asks for again."""
    return unescape(re.search(r'class="verdict" hx-get="([^"]+)"', markup)[1])


def test_its_author_gets_the_question_and_the_key_with_the_verdict(client, review):
    client.force_login(review.author)
    page = html(client, review.get_absolute_url())
    assert ASKED not in page
    for place in (f'<div class="opinion" id="opinion-{review.pk}">', '<div id="key">', f'id="text-{review.pk}"'):
        assert place in page, "a place to swap into must be there already"
    read(review, 0.9, [(TEXT, 1.0)])
    fragment = html(client, asked_by(page))
    assert "<html" not in fragment
    assert "Reads positive" in fragment
    assert f'<div class="opinion" id="opinion-{review.pk}" hx-swap-oob="true">' in fragment
    assert ASKED in fragment
    assert "csrfmiddlewaretoken" in fragment
    assert re.search(r'<div id="key" hx-swap-oob="innerHTML">\s*<p class="marks-key', fragment)
    assert f'<div id="text-{review.pk}" hx-swap-oob="innerHTML"><p dir="auto"><mark' in fragment


def test_the_authors_own_review_on_the_films_page_is_asked_about_too(client, review):
    client.force_login(review.author)
    page = html(client, review.movie.get_absolute_url())
    read(review, 0.9, [(TEXT, 1.0)])
    assert ASKED in html(client, asked_by(page))
    assert page.count('id="key"') == 1


@pytest.mark.parametrize("signed_in", [False, True])
def test_a_reader_and_a_visitor_get_the_link_to_dispute(client, review, signed_in):
    address = asked_by(html(client, review.get_absolute_url()))
    read(review, 0.9)
    if signed_in:
        client.force_login(make_member("eve"))
    fragment = html(client, address)
    assert f'<a href="/review/{review.pk}/dispute/">Did we misread it?</a>' in fragment
    assert ASKED not in fragment


@pytest.mark.parametrize("place", ["member", "dispute"])
def test_nothing_is_sent_for_which_the_page_has_no_place(client, review, place):
    who = review.author if place == "member" else make_member("eve")
    client.force_login(who)
    page = html(client, review.author.get_absolute_url() if place == "member" else f"/review/{review.pk}/dispute/")
    read(review, 0.9, [(TEXT, 1.0)])
    fragment = html(client, asked_by(page))
    swapped = re.findall(r'id="([^"]+)" hx-swap-oob', fragment)
    assert swapped
    assert all(f'id="{each}"' in page for each in swapped)


def test_while_nothing_has_changed_nothing_is_swapped(client, review):
    address = asked_by(html(client, review.get_absolute_url()))
    assert client.get(address).status_code == 204


def test_after_a_while_it_asks_less_often(client, review):
    address = asked_by(html(client, review.get_absolute_url()))
    Reading.objects.update(received_at=timezone.now() - timedelta(minutes=3))
    fragment = html(client, address)
    assert 'hx-trigger="every 30s"' in fragment
    assert client.get(asked_by(fragment)).status_code == 204


def test_a_review_that_is_gone_or_cannot_be_read_is_asked_about_no_more(client, review):
    address = asked_by(html(client, review.get_absolute_url()))
    Reading.objects.update(quarantined_at=timezone.now())
    fragment = html(client, address)
    assert "Could not be read" in fragment
    assert "hx-get" not in fragment
    Review.objects.update(hidden=True)
    assert client.get(address).status_code == 286
    review.delete()
    assert client.get(address).status_code == 286


def test_a_verdicts_arrival_is_announced(client, review):
    page = html(client, review.get_absolute_url())
    outer = rf'<div id="verdict-{review.pk}" role="status">\s*<div class="verdict" hx-get='
    assert re.search(outer, page)
    read(review, 0.9)
    assert 'role="status"' not in html(client, asked_by(page)), "the element that announces stays in the page"


def test_a_text_that_is_tried_is_announced_and_given_up_when_it_is_gone(client):
    asked = ScoreRequest.objects.create(text=TEXT)
    page = html(client, f"/critic/try/{asked.pk}/")
    assert re.search(r'<div role="status"><div class="verdict" hx-get=', page)
    address = asked_by(page)
    assert client.get(address, headers=HTMX).status_code == 204
    ScoreRequest.objects.update(
        positive=0.9, sentences=[{"start": 0, "end": len(TEXT), "share": 1.0}], version=read_version()
    )
    fragment = html(client, address, **HTMX)
    assert "Reads positive" in fragment
    assert '<div id="tried-text" hx-swap-oob="innerHTML"><p dir="auto">' in fragment
    assert 'role="status"' not in fragment
    asked.delete()
    assert client.get(address, headers=HTMX).status_code == 286
    assert client.get(address).status_code == 404


def read_version():
    return read(make_review(make_movie("other"), make_member("bob")), 0.9).reading.version


@pytest.mark.parametrize("address", ["/film/rear-window/similar/", "/critic/try/{asked}/"])
def test_caches_keep_a_fragment_and_its_page_apart(client, address):
    make_movie()
    asked = ScoreRequest.objects.create(text=TEXT)
    assert "HX-Request" in client.get(address.format(asked=asked.pk))["Vary"]


def test_films_like_it_come_below_a_link_that_stays(client):
    make_movie()
    page = html(client, "/film/rear-window/")
    similar = page[page.index('<div id="similar"') :]
    assert re.match(
        r'<div id="similar" class="later">\s*<p><a href="/film/rear-window/similar/">[^<]+</a></p>\s*<div hx-get=',
        similar,
    )
    assert 'id="similar"' not in html(client, "/film/rear-window/similar/", **HTMX)
