"""The admin's pages are Django's: what axe finds on them is known, and none of it is ours."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.browser.steps import read_film, sign_in_as_admin
from tests.live import Site

pytestmark = pytest.mark.browser

OURS = "/admin/sentiment/modelversion/"
STOCK = ["/admin/", "/admin/reviews/review/", "/admin/sentiment/dispute/", "/admin/movies/movie/"]
KNOWN = {"empty-table-header", "label-title-only", "link-in-text-block"}
"""axe's findings on Django's own templates, by rule."""


def found_on(page: Page, address: str) -> set[str]:
    page.goto(address)
    assert page.locator("#user-tools").count(), f"{address} is not a page of the admin"
    return {violation["id"] for violation in Axe().run(page).response["violations"]}


def test_what_axe_finds_in_the_admin_is_known_and_not_ours(chromium: Browser, site: Site) -> None:
    read_film(site)
    page = chromium.new_context(base_url=site.address).new_page()
    sign_in_as_admin(page, site)
    review = site.one("SELECT id FROM reviews_review LIMIT 1")
    stock = {address: found_on(page, address) for address in [*STOCK, f"/admin/reviews/review/{review}/change/"]}
    ours = found_on(page, OURS)
    page.context.close()
    for address, found in stock.items():
        print(f"axe on {address}: {', '.join(sorted(found)) or 'nothing'}")
    assert set().union(*stock.values()) <= KNOWN
    assert ours <= KNOWN
