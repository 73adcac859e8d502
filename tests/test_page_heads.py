"""What pages say of themselves: one address each, headings in order, feeds where there is something to follow."""

import re
from itertools import pairwise

import pytest

from sentiment.models import MovieAspect, MovieSentiment
from tests.makers import TEXT, make_member, make_movie, make_review, read
from textflix.movies.models import Credit, Person

pytestmark = pytest.mark.django_db


@pytest.fixture
def review():
    review = read(make_review(make_movie(), make_member("author")), 0.9, [(TEXT, 1.0)])
    alike = make_movie("alike", title="Alike")
    MovieSentiment.objects.update_or_create(movie=alike, defaults={"reviews": 3})
    for movie in (review.movie, alike):
        Credit.objects.create(movie=movie, person=Person.objects.get_or_create(name="Ann")[0], role="cast", position=1)
        for aspect in ("acting", "music"):
            MovieAspect.objects.create(
                movie=movie, aspect=aspect, side="praised", positive=3, negative=0,
                praise=[], criticism=[], praise_low=0.4, criticism_low=0,
            )  # fmt: skip
    return review


PAGES = [
    *("/", "/films/", "/film/rear-window/", "/film/rear-window/why/acting/", "/film/rear-window/similar/"),
    *("/review/{review}/", "/member/author/", "/people/", "/person/{person}-ann/", "/critic/"),
    *("/compare/", "/compare/?a=rear-window&b=alike"),
]


def shown(client, review, address):
    address = address.format(review=review.pk, person=Person.objects.get().pk)
    return address, client.get(address).content.decode()


@pytest.mark.parametrize("page", PAGES)
def test_every_page_has_one_address(client, review, page):
    address, html = shown(client, review, page)
    canonical = re.findall(r'<link rel="canonical" href="http://testserver([^"]+)">', html)
    assert canonical == [address.replace("&", "&amp;")]


def test_what_was_only_asked_for_is_not_in_it(client, review):
    for address in (f"/review/{review.pk}/?x=1", "/member/author/?after=", "/compare/?q=rear"):
        html = client.get(address).content.decode()
        assert f'rel="canonical" href="http://testserver{address.partition("?")[0]}"' in html


@pytest.mark.parametrize("page", PAGES)
def test_headings_skip_no_level(client, review, page):
    _, html = shown(client, review, page)
    levels = [int(level) for level in re.findall(r"<h([1-6])[ >]", html)]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


@pytest.mark.parametrize("page", ["/", "/person/{person}-ann/", "/film/rear-window/similar/"])
def test_a_card_on_a_shelf_is_headed_one_level_below_it(client, review, page):
    _, html = shown(client, review, page)
    card = html[html.index('<article class="card">') :]
    assert re.search(r"<h\d", card)[0] == "<h3"


def test_cards_under_no_heading_but_the_pages_are_of_the_second_level(client, review):
    html = client.get("/films/").content.decode()
    assert re.search(r"<h\d", html[html.index('<article class="card">') :])[0] == "<h2"


@pytest.mark.parametrize("listed", [True, False])
def test_only_films_of_the_catalogue_have_a_feed(client, listed):
    make_movie(listed=listed)
    html = client.get("/film/rear-window/").content.decode()
    assert ("application/atom+xml" in html) == listed
    assert (client.get("/film/rear-window/feed/").status_code == 200) == listed


def test_the_key_comes_before_what_it_explains(client, review):
    for address in ("/film/rear-window/", f"/review/{review.pk}/", "/member/author/"):
        html = client.get(address).content.decode()
        assert html.count('class="marks-key') == 1
        assert html.index('class="marks-key') < html.index('class="reviews"')


def test_a_dispute_is_a_labelled_field_and_says_what_becomes_public(client, review):
    client.force_login(make_member("eve"))
    html = client.get(f"/review/{review.pk}/dispute/").content.decode()
    assert re.search(r'<div class="field">\s*<label for="id_reason">Why is the verdict wrong\?</label>', html)
    assert 'aria-describedby="id_reason_helptext"' in html
    assert re.search(r'id="id_reason_helptext">[^<]*name[^<]*reason[^<]*shown', html)


def test_tables_that_scroll_can_be_reached_by_keyboard(client, review):
    html = client.get("/critic/").content.decode()
    for scroller in re.findall(r'<div class="wide"[^>]*>', html):
        assert 'tabindex="0" role="region" aria-label="' in scroller
