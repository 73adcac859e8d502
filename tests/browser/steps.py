"""What several browser tests do on their way."""

import itertools
import re

from playwright.sync_api import Page, expect

from tests.live import PASSWORD, Site, wait_for

_names = itertools.count(1)


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


def read_film(site: Site, where: str = "true") -> str:
    """A film all of whose reviews have been read, and of whose figures that is true."""
    query = (
        "SELECT slug FROM movies_movie JOIN sentiment_moviesentiment ON movie_id = id"
        f" WHERE reviews = scored AND reviews > 5 AND {where} LIMIT 1"
    )
    return str(wait_for(lambda: site.sql(query), 120, "a film read to its end")[0][0])


def read_verdict(page: Page) -> None:
    """Wait on a review's page until it has been read as praise."""
    expect(page.locator("main")).to_contain_text("Reads positive", timeout=15_000)


def sign_in_as_admin(page: Page, site: Site, address: str = "/admin/") -> None:
    page.goto(address)
    page.fill("main [name=login]", "admin")
    page.fill("main [name=password]", (site.home / "admin-password").read_text())
    page.click("main button[type=submit]")
    page.wait_for_url(f"**{address}")
