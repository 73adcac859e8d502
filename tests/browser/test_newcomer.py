"""A newcomer in a real Chromium: signs up, posts, sees the verdict and the film's bar move; an admin relabels."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.steps import read_film, sign_in_as_admin, sign_up
from tests.conftest import PRAISE
from tests.live import Site, wait_for

pytestmark = pytest.mark.browser


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
    sign_in_as_admin(page, site)
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
