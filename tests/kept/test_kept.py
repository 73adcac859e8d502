"""Visitors' pages are kept, and nobody's own."""

import gzip
import re

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from tests.kept.asking import pages, queries
from tests.makers import TEXT, make_member, make_review
from textflix.movies.models import Movie

pytestmark = pytest.mark.django_db


def test_a_visitors_page_costs_one_query_until_what_it_shows_changes(client, movie):
    for address in pages(movie):
        assert len(queries(client, address)) > 1, address
        (asked,) = queries(client, address)
        assert "revision_of" in asked, address
    make_review(movie, make_member("zenobia"), text=f"{TEXT} Twice.")
    for address in pages(movie):
        assert len(queries(client, address)) > 1, address


def test_another_films_page_stays_kept(client, movie):
    queries(client, "/film/other/")
    make_review(movie, make_member("zenobia"), text=f"{TEXT} Twice.")
    assert len(queries(client, "/film/other/")) == 1


def test_who_has_a_session_gets_a_page_of_their_own(client, movie):
    kept_page = client.get(movie.get_absolute_url()).content.decode()
    client.force_login(make_member("zenobia"))
    own = client.get(movie.get_absolute_url())
    assert "zenobia" in own.content.decode()
    assert own["Cache-Control"] == "private, no-store"
    assert "zenobia" not in kept_page
    client.logout()
    assert client.get(movie.get_absolute_url()).content.decode() == kept_page


def test_what_is_said_to_one_visitor_is_kept_for_none(client, movie):
    client.force_login(make_member("zenobia"))
    assert "You have signed out." in client.post("/accounts/logout/", follow=True).content.decode()
    assert "You have signed out." not in Client().get("/").content.decode()


def test_whoever_hid_the_analysis_and_whoever_did_not_get_different_pages(client, movie):
    shown = client.get(movie.get_absolute_url()).content.decode()
    client.post("/analysis/", {"analysis": "off", "next": "/"})
    hidden = client.get(movie.get_absolute_url()).content.decode()
    assert "<mark" in shown
    assert "<mark" not in hidden
    assert "<mark" in Client().get(movie.get_absolute_url()).content.decode()


def test_a_part_of_a_page_and_the_page_are_kept_apart(client, movie):
    address = f"/film/{movie.slug}/similar/"
    whole, part = client.get(address).content, client.get(address, headers={"HX-Request": "true"}).content
    assert b"<html" in whole
    assert b"<html" not in part
    assert client.get(address).content == whole
    assert {"HX-Request", "Cookie", "Accept-Encoding"} <= set(client.get(address)["Vary"].split(", "))


def test_no_kept_page_holds_a_token_and_its_forms_are_refused_without_one(movie):
    visitor = Client(enforce_csrf_checks=True)
    for address in pages(movie):
        answer = visitor.get(address)
        assert "csrfmiddlewaretoken" not in answer.content.decode(), address
        assert not answer.cookies, address
    for address in ("/analysis/", "/critic/try/"):
        assert visitor.post(address, {"analysis": "off", "text": TEXT}).status_code == 403
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', visitor.get(address).content.decode())[1]
        sent = {"analysis": "off", "next": "/", "text": TEXT, "csrfmiddlewaretoken": token}
        assert visitor.post(address, sent).status_code == 302


def test_a_page_that_asks_for_news_is_kept_for_a_short_while(client, movie):
    """Its questions come less often the longer it has been open: it must not seem to have been open for hours."""
    make_review(movie, make_member("zenobia"), text=f"{TEXT} Unread.")
    with time_machine.travel("2026-05-01 12:00:00Z", tick=False) as clock:
        queries(client, movie.get_absolute_url())
        clock.shift(50)
        assert len(queries(client, movie.get_absolute_url())) == 1
        clock.shift(20)
        assert len(queries(client, movie.get_absolute_url())) > 1


def test_a_page_that_a_browser_has_is_not_sent_again(client, movie):
    address = movie.get_absolute_url()
    tag = client.get(address)["ETag"]
    again = client.get(address, headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")
    assert again["ETag"] == tag
    make_review(movie, make_member("zenobia"), text=f"{TEXT} Twice.")
    changed = client.get(address, headers={"If-None-Match": tag})
    assert changed.status_code == 200
    assert changed["ETag"] != tag


def test_it_comes_compressed_to_who_takes_it_so(client, movie):
    plain = client.get("/")
    squeezed = client.get("/", headers={"Accept-Encoding": "br, gzip"})
    assert squeezed["Content-Encoding"] == "gzip"
    assert gzip.decompress(squeezed.content) == plain.content


def test_the_next_day_it_is_made_anew(client, movie):
    with time_machine.travel("2026-05-01 23:59:59Z", tick=False) as clock:
        queries(client, "/")
        assert len(queries(client, "/")) == 1
        clock.shift(2)
        assert len(queries(client, "/")) > 1


def test_a_search_is_not_kept(client, movie):
    queries(client, "/films/?q=window")
    assert len(queries(client, "/films/?q=window")) > 1


def test_each_name_of_the_site_has_pages_of_its_own(client, movie, settings):
    settings.ALLOWED_HOSTS = ["one.example", "two.example"]
    address = movie.get_absolute_url()
    for asked, named in (
        ({"HTTP_HOST": "one.example"}, "http://one.example"),
        ({"HTTP_HOST": "two.example"}, "http://two.example"),
        ({"HTTP_HOST": "one.example", "wsgi.url_scheme": "https"}, "https://one.example"),
        ({"HTTP_HOST": "one.example", "HTTP_X_FORWARDED_HOST": "evil.example"}, "http://one.example"),
    ):
        assert f'rel="canonical" href="{named}{address}"' in client.get(address, **asked).content.decode()


def test_a_feed_is_sent_again_where_its_newest_review_is_hidden(client, movie):
    address = f"{movie.get_absolute_url()}feed/"
    date = client.get(address)["Last-Modified"]
    make_review(movie, make_member("zenobia"), text=f"{TEXT} Newer.", written_at=timezone.now())
    make_review(movie, make_member("yorick"), text=f"{TEXT} Hidden.", hidden=True, written_at=timezone.now())
    Movie.objects.filter(pk=movie.pk).update(title="Renamed")
    assert client.get(address, headers={"If-Modified-Since": date}).status_code == 200


def test_deleting_a_review_leaves_other_films_pages_kept(client, movie):
    queries(client, "/film/other/")
    movie.reviews.get().delete()
    assert len(queries(client, "/film/other/")) == 1
