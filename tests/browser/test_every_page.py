"""Every template of ours, in the states it can be in: accessible (axe-core), and no wider than its window."""

import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.auth.models import AnonymousUser
from django.template.loader import render_to_string
from django.test import RequestFactory
from playwright.sync_api import Browser, Page, StorageState

from tests.browser.steps import read_film, read_verdict, sign_up
from tests.conftest import PRAISE
from tests.live import Site, wait_for

pytestmark = pytest.mark.browser

SIZES = [(scheme, width) for scheme in ("light", "dark") for width in (390, 1280)]
# Where only the width differs, nothing is new to axe. The last is 1,280 pixels at 200%.
WINDOWS: dict[str, dict[str, Any]] = {
    "360": {"viewport": {"width": 360, "height": 780}},
    "1600": {"viewport": {"width": 1600, "height": 1000}},
    "200%": {"viewport": {"width": 640, "height": 450}, "device_scale_factor": 2},
}
TOO_LONG = "a" * 20_001
ERRORS = ["400.html", "403.html", "403_csrf.html", "404.html", "429.html", "500.html"]


class Author(NamedTuple):
    session: StorageState
    name: str
    film: str
    review: str


@pytest.fixture(scope="module")
def author(chromium: Browser, site: Site) -> Iterator[Author]:
    """Somebody with one review that has been read, in front of the film's others."""
    film = read_film(site)
    context = chromium.new_context(base_url=site.address)
    page = context.new_page()
    name = sign_up(page)
    page.goto(f"/film/{film}/review/")
    page.fill("main textarea[name=text]", f"{PRAISE} The ending drags. See it all the same.")
    page.click("main form:has(textarea) button")
    page.wait_for_url(re.compile(r"/review/\d+/$"))
    read_verdict(page)
    yield Author(context.storage_state(), name, film, page.url.removeprefix(site.address))
    context.close()


def too_wide(page: Page) -> list[str]:
    wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
    return ["wider than the window"] if wide else []


def wrong_with(page: Page) -> list[str]:
    return [violation["id"] for violation in Axe().run(page).response["violations"]] + too_wide(page)


def visit(page: Page, addresses: list[str], look: Callable[[Page], list[str]] = wrong_with) -> dict[str, list[str]]:
    found = {}
    for address in addresses:
        page.goto(address)
        found[address] = look(page)
    return {address: wrong for address, wrong in found.items() if wrong}


def for_visitors(site: Site, author: Author) -> list[str]:
    film = author.film
    unread = site.one(
        "SELECT slug FROM movies_movie LEFT JOIN reviews_review AS review ON movie_id = movies_movie.id"
        " WHERE review.id IS NULL LIMIT 1"
    )
    person = site.one(
        "SELECT person_id FROM movies_credit JOIN movies_movie ON movie_id = movies_movie.id WHERE slug = %s", film
    )
    longest = site.one("SELECT id FROM reviews_review ORDER BY length(text) DESC LIMIT 1")
    return [
        *("/", "/films/", "/films/?genre=drama&praised=acting", "/films/?q=no+such+film", "/films/?q=hitchkock"),
        *(f"/film/{film}/", f"/film/{film}/?at_odds=1", f"/film/{film}/?stars=3", f"/film/{unread}/"),
        *(f"/film/{film}/why/acting/", f"/film/{film}/why/acting/?side=criticism", f"/film/{unread}/why/acting/"),
        *(f"/film/{film}/similar/", f"/film/{unread}/similar/"),
        *("/compare/", f"/compare/?a={film}", f"/compare/?a={film}&b={unread}"),
        *("/people/", f"/person/{person}-x/", "/critic/", "/critic/try/", "/analysis/?analysis=off&next=/films/"),
        *(author.review, f"/review/{longest}/", f"/member/{author.name}/", "/member/demo-writer-01/"),
        *("/accounts/signup/", "/accounts/login/", "/accounts/password/reset/", "/no-such-page/"),
    ]


def for_members(site: Site, author: Author) -> list[str]:
    another = site.one("SELECT slug FROM movies_movie WHERE slug <> %s AND listed LIMIT 1", author.film)
    others = site.one("SELECT review_id FROM sentiment_reading WHERE verdict = 'positive' LIMIT 1")
    return [
        *("/", f"/film/{author.film}/", f"/film/{another}/", f"/film/{another}/review/", f"/member/{author.name}/"),
        *(author.review, f"{author.review}edit/", f"{author.review}delete/", f"/review/{others}/dispute/"),
        *("/accounts/password/change/", "/accounts/email/", "/accounts/logout/"),
    ]


@pytest.mark.parametrize(("scheme", "width"), SIZES)
def test_what_visitors_see(chromium: Browser, site: Site, author: Author, scheme: str, width: int) -> None:
    context = chromium.new_context(base_url=site.address, color_scheme=scheme, viewport={"width": width, "height": 900})  # type: ignore[arg-type]
    page = context.new_page()
    found = visit(page, for_visitors(site, author))
    page.goto("/critic/")
    page.fill("[name=text]", PRAISE)
    page.click("text=Read it")
    page.locator("#tried mark").first.wait_for(timeout=15_000)
    found["a text that was tried"] = wrong_with(page)
    page.goto("/")
    page.locator("header [name=q]").press_sequentially("hitchkock", delay=30)
    page.locator("#suggestions [role=option]").first.wait_for()
    page.keyboard.press("ArrowDown")
    found["suggestions"] = wrong_with(page)
    page.goto(f"/film/{author.film}/")
    page.click("text=Hide analysis")
    page.locator("text=Show analysis").wait_for()
    found["without analysis"] = wrong_with(page)
    context.close()
    assert {address: wrong for address, wrong in found.items() if wrong} == {}


def test_a_strong_mark_in_a_text_is_more_than_a_wash(chromium: Browser, site: Site) -> None:
    film = "monuments-men-2014"
    read = (
        "SELECT 1 FROM movies_movie JOIN sentiment_moviesentiment ON movie_id = id WHERE slug = %s AND scored = reviews"
    )
    wait_for(lambda: site.sql(read, film), 120, "a film that is read")
    context = chromium.new_context(base_url=site.address, viewport={"width": 390, "height": 900})
    page = context.new_page()
    page.goto(f"/film/{film}/")
    assert page.locator("mark.s3 a").count()
    assert wrong_with(page) == []
    context.close()


@pytest.mark.parametrize(("scheme", "width"), SIZES)
def test_what_is_seen_when_something_is_wrong(chromium: Browser, site: Site, scheme: str, width: int) -> None:
    """What the templates make, in the place of the site's own answer: most cannot be brought about at will."""
    context = chromium.new_context(base_url=site.address, color_scheme=scheme, viewport={"width": width, "height": 900})  # type: ignore[arg-type]
    page = context.new_page()
    asked = RequestFactory().get("/")
    asked.user = AnonymousUser()
    bodies = {f"/wrong/{template}": render_to_string(template, request=asked) for template in ERRORS}
    # One route for all: a route that goes while its page still asks for style sheets can leave them without an answer.
    page.route(
        "**/wrong/*",
        lambda route: route.fulfill(body=bodies[urlsplit(route.request.url).path], content_type="text/html"),
    )
    found = {}
    for template in ERRORS:
        page.goto(f"/wrong/{template}")
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") != "rgba(0, 0, 0, 0)", "no style sheet"
        found[template] = wrong_with(page)
    context.close()
    assert {template: wrong for template, wrong in found.items() if wrong} == {}


@pytest.mark.parametrize(("scheme", "width"), SIZES)
def test_what_members_see(chromium: Browser, site: Site, author: Author, scheme: str, width: int) -> None:
    context = chromium.new_context(
        base_url=site.address,
        color_scheme=scheme,  # type: ignore[arg-type]
        viewport={"width": width, "height": 900},
        storage_state=author.session,
    )
    page = context.new_page()
    addresses = for_members(site, author)
    found = visit(page, addresses)
    page.goto(next(address for address in addresses if address.endswith("/review/")))
    page.locator("main textarea[name=text]").evaluate("(area, text) => area.value = text", TOO_LONG)
    page.click("main form:has(textarea) button")
    found["a review that is refused"] = wrong_with(page)
    context.close()
    assert {address: wrong for address, wrong in found.items() if wrong} == {}


@pytest.mark.parametrize("window", WINDOWS)
def test_every_page_fits_its_window(chromium: Browser, site: Site, author: Author, window: str) -> None:
    context = chromium.new_context(base_url=site.address, storage_state=author.session, **WINDOWS[window])
    page = context.new_page()
    assert visit(page, for_visitors(site, author) + for_members(site, author), too_wide) == {}
    context.close()


@pytest.mark.parametrize(("scheme", "width"), SIZES)
@pytest.mark.parametrize("state", ["pending", "failed", "stale"])
def test_states_that_pass(chromium: Browser, site: Site, author: Author, state: str, scheme: str, width: int) -> None:
    """A reading is put into the state by hand, and left as it was found, while its pages are looked at."""
    reading = author.review.strip("/").rsplit("/", 1)[1]
    change = {
        # A lease keeps workers from it for as long as the test looks.
        "pending": "score_id = NULL, version_id = NULL, verdict = '', leased_until = now() + interval '1 hour'",
        "failed": "score_id = NULL, version_id = NULL, verdict = '', quarantined_at = now()",
        "stale": "version_id = NULL, leased_until = now() + interval '1 hour'",
    }[state]
    columns = ("score_id", "version_id", "verdict", "leased_until", "quarantined_at")
    kept = site.sql(f"SELECT {', '.join(columns)} FROM sentiment_reading WHERE review_id = %s", reading)[0]
    context = chromium.new_context(
        base_url=site.address,
        storage_state=author.session,
        color_scheme=scheme,  # type: ignore[arg-type]
        viewport={"width": width, "height": 900},
    )
    page = context.new_page()
    try:
        site.sql(f"UPDATE sentiment_reading SET {change} WHERE review_id = %s", reading)
        assert visit(page, [author.review, f"/film/{author.film}/"]) == {}
        page.goto(author.review)
        said = page.locator(".verdict").first.inner_text()
        assert {"pending": "reading", "failed": "Could not be read", "stale": "Reads positive"}[state] in said
    finally:
        context.close()
        site.sql(
            f"UPDATE sentiment_reading SET {', '.join(f'{c} = %s' for c in columns)} WHERE review_id = %s",
            *kept,
            reading,
        )
