"""Pictures of a running site's pages: python -m tests.browser.screenshots http://127.0.0.1:8000 docs/img/pages

Wide and light, narrow and dark: what can differ, in half as many pictures.
"""

import sys
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.conftest import CHROMIUM, QUIET

SCREENS = {"wide": ("light", 1280, 1500), "narrow": ("dark", 390, 1500)}
TRIED = "The acting is superb and the music is lovely. But the story drags on for far too long."


def addresses(page: Page) -> dict[str, str]:
    """Each page that a visitor can reach, by name; the film is the one with most reviews."""
    page.goto("/films/?sort=reviews")
    film = str(page.locator("main a[href^='/film/']").first.get_attribute("href"))
    page.goto(film)
    review = str(page.locator(".review .foot a[href^='/review/']").first.get_attribute("href"))
    director = str(page.locator(".facts a[href^='/person/']").first.get_attribute("href"))
    page.goto("/")
    other = str(page.locator(f"a[href^='/film/']:not([href='{film}'])").first.get_attribute("href"))
    slugs = [address.strip("/").split("/")[1] for address in (film, other)]
    return {
        "home": "/",
        "films": "/films/?praised=acting",
        "film": film,
        "why": f"{film}why/acting/",
        "review": review,
        "person": director,
        "people": "/people/",
        "compare": "/compare/?a={}&b={}".format(*slugs),
        "critic": "/critic/",
        "tried": "/critic/",
        "sign-in": "/accounts/login/",
    }


def take(browser: Browser, root: str, folder: Path) -> None:
    for screen, (scheme, width, height) in SCREENS.items():
        context = browser.new_context(
            base_url=root, color_scheme=scheme, viewport={"width": width, "height": height}, reduced_motion="reduce"
        )
        page = context.new_page()
        for name, address in addresses(page).items():
            page.goto(address)
            if name == "tried":
                page.get_by_label("Try a text").fill(TRIED)
                page.get_by_role("button", name="Read it").click()
                page.locator("main mark[id]").first.wait_for()
            page.screenshot(path=folder / f"{name}-{screen}.jpg", type="jpeg", quality=60)
        context.close()


def main() -> None:
    root, folder = sys.argv[1], Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        take(browser, root, folder)
        browser.close()


if __name__ == "__main__":
    main()
