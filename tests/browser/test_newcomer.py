"""A newcomer in a real Chromium: signs up, posts, sees the verdict and the film's bar move; an admin relabels."""

import itertools
import re
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.conftest import PRAISE
from tests.live import PASSWORD, Site, wait_for

pytestmark = pytest.mark.browser
CHROMIUM = "/usr/bin/chromium"
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
_names = itertools.count(1)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Browser, site: Site) -> Iterator[Page]:
    context = chromium.new_context(base_url=site.address)
    complaints: list[str] = []
    page = context.new_page()
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()
    assert complaints == []


def sign_up(page: Page) -> str:
    name = f"newcomer{next(_names)}"
    page.goto("/accounts/signup/")
    for field, value in [
        ("username", name),
        ("email", f"{name}@example.org"),
        ("password1", PASSWORD),
        ("password2", PASSWORD),
    ]:
        page.fill(f"main [name={field}]", value)
    page.click("main button[type=submit]")
    page.wait_for_url(re.compile(r"/$"))
    return name


def read_film(site: Site) -> str:
    """A film all of whose reviews have been read."""
    query = (
        "SELECT slug FROM movies_movie JOIN sentiment_moviesentiment ON movie_id = id"
        " WHERE reviews = scored AND reviews > 5 LIMIT 1"
    )
    return str(wait_for(lambda: site.sql(query), 120, "a film read to its end")[0][0])


def test_a_post_gets_its_verdict_and_moves_the_film(page: Page, site: Site) -> None:
    sign_up(page)
    film = read_film(site)
    page.goto(f"/film/{film}/")
    count = int(re.search(r"(\d+) reviews", page.inner_text("main"))[1])
    page.fill("main textarea[name=text]", PRAISE)
    page.click("main form:has(textarea) button")
    page.wait_for_url(re.compile(r"/review/\d+/$"))
    expect(page.locator("main")).to_contain_text("Reads positive", timeout=15_000)
    expect(page.locator("mark.g").first).to_be_visible()
    page.goto(f"/film/{film}/")
    expect(page.locator("main")).to_contain_text(f"{count + 1} reviews")


def test_an_admin_relabels_and_the_film_moves(page: Page, site: Site) -> None:
    film = read_film(site)
    before = page.request.get(f"/film/{film}/sentiment.json").json()
    page.goto("/admin/")
    page.fill("[name=username]", "admin")
    page.fill("[name=password]", (site.home / "admin-password").read_text())
    page.click("[type=submit]")
    review = site.one(
        "SELECT review.id FROM reviews_review AS review JOIN sentiment_reading ON review_id = review.id"
        " JOIN movies_movie AS movie ON movie.id = movie_id WHERE slug = %s AND verdict = 'positive' LIMIT 1",
        film,
    )
    page.goto(f"/admin/reviews/review/{review}/change/")
    page.select_option("[name=relabel]", "negative")
    page.click("[name=_save]")
    after = page.request.get(f"/film/{film}/sentiment.json").json()
    assert (after["positive"], after["negative"]) == (before["positive"] - 1, before["negative"] + 1)


def test_browsing_searching_and_posting_work_without_javascript(chromium: Browser, site: Site) -> None:
    context = chromium.new_context(base_url=site.address, java_script_enabled=False)
    page = context.new_page()
    sign_up(page)
    page.goto("/")
    page.fill("header [name=q]", "hitchkock")
    page.press("header [name=q]", "Enter")
    page.click("article h2 a")
    page.fill("main textarea[name=text]", PRAISE + " No script was needed.")
    page.click("main form:has(textarea) button")
    page.wait_for_url(re.compile(r"/review/\d+/$"))
    number = int(page.url.rstrip("/").rsplit("/", 1)[1])
    wait_for(lambda: site.one("SELECT verdict FROM sentiment_reading WHERE review_id = %s", number), 30, "a verdict")
    page.reload()
    expect(page.locator("main")).to_contain_text("Reads positive")
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_pages_are_accessible_and_fit(chromium: Browser, site: Site, scheme: str, width: int) -> None:
    film = read_film(site)
    review = site.one("SELECT max(id) FROM reviews_review")
    context = chromium.new_context(base_url=site.address, color_scheme=scheme, viewport={"width": width, "height": 900})  # type: ignore[arg-type]
    page = context.new_page()
    found = {}
    addresses = ["/", "/films/?genre=drama", f"/film/{film}/", f"/review/{review}/", "/member/demo-writer-01/"]
    for address in [*addresses, "/accounts/signup/", "/accounts/login/", "/no-such-page/"]:
        page.goto(address)
        results = Axe().run(page)
        found[address] = [violation["id"] for violation in results.response["violations"]]
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            found[address].append("wider than the window")
    context.close()
    assert not any(found.values()), found
