"""Without a mouse, and without motion: every stop can be seen, and nothing takes the focus away."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.steps import read_film
from tests.live import Site

pytestmark = pytest.mark.browser

STOPS = 80
FOCUSED = """
    () => {
        const each = document.activeElement, box = each.getBoundingClientRect(), shown = getComputedStyle(each);
        return {
            what: each.outerHTML.slice(0, 120),
            seen: shown.outlineStyle !== "none" && parseFloat(shown.outlineWidth) >= 2
                && box.width > 0 && box.bottom > 0 && box.top < innerHeight,
            aspect: each.matches(".why h3 a"),
        };
    }
"""
# The share beside a sentence lingers, without moving, until the pointer has come to it.
MOVING = """
    [...document.querySelectorAll("*")].filter(each => {
        const shown = getComputedStyle(each);
        const lasts = shown.transitionDuration.split(",").some(time => parseFloat(time) > 0);
        return lasts || shown.animationName !== "none" || shown.scrollBehavior === "smooth";
    }).map(each => each.outerHTML.slice(0, 120))
"""


@pytest.fixture
def waiting_film(site: Site) -> Iterator[str]:
    """A film of which something is claimed, and whose stored numbers say that one of its reviews is not read yet."""
    film = read_film(site, "praised <> ''")
    one = "UPDATE sentiment_moviesentiment SET positive = positive {0} 1, scored = scored {0} 1 FROM movies_movie"
    where = " WHERE movie_id = movies_movie.id AND slug = %s"
    site.sql(one.format("-") + where, film)
    site.sql("INSERT INTO movies_change (scope) VALUES (-1)")  # or visitors would be shown the page of before
    yield film
    site.manage("rebuild_sentiment")


def test_from_the_skip_link_to_an_aspect(page: Page, site: Site) -> None:
    page.goto(f"/film/{read_film(site)}/")
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    expect(page.locator(".skip")).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("#content")).to_be_focused()
    for _ in range(STOPS):
        page.keyboard.press("Tab")
        stop = page.evaluate(FOCUSED)
        assert stop["seen"], f"not seen to be focused: {stop['what']}"
        if stop["aspect"]:
            break
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/why/"))
    expect(page.locator("h1")).to_contain_text("What reviews say of its")


def test_every_stop_of_a_review_can_be_seen_and_its_share_covers_nothing(page: Page, site: Site) -> None:
    marked = site.one(
        "SELECT review_id FROM sentiment_highlight GROUP BY review_id HAVING count(*) = 2 ORDER BY review_id LIMIT 1"
    )
    page.goto(f"/review/{marked}/")
    link = page.locator("mark a").first
    link.focus()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Tab")
    expect(link).to_be_focused()
    assert page.evaluate(FOCUSED)["seen"]
    share = link.evaluate("each => getComputedStyle(each, '::after').content")
    assert "of the verdict" in share
    assert link.evaluate("each => getComputedStyle(each, '::after').visibility") == "visible"


def test_searching(page: Page, site: Site) -> None:
    page.goto("/")
    search = page.get_by_role("combobox", name="Search films and people")
    search.focus()
    page.keyboard.type("hitchkock", delay=30)
    options = page.locator("#suggestions [role=option]")
    expect(options.first).to_be_visible()
    expect(search).to_have_attribute("aria-expanded", "true")
    expect(page.get_by_role("option", name="Alfred Hitchcock")).to_be_visible()
    page.keyboard.press("Escape")
    expect(options.first).to_be_hidden()
    expect(search).to_have_attribute("aria-expanded", "false")
    expect(search).to_have_value("hitchkock")
    page.keyboard.press("ArrowUp")
    expect(options.last).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowDown")
    expect(search).not_to_have_attribute("aria-activedescendant", re.compile("."))
    page.keyboard.press("ArrowDown")
    expect(options.first).to_have_attribute("aria-selected", "true")
    expect(search).to_have_attribute("aria-activedescendant", str(options.first.get_attribute("id")))
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/(film|person)/[^/]+/$"))


def test_what_is_chosen_from_nothing_is_searched_for(page: Page, site: Site) -> None:
    page.goto("/")
    page.locator("header [name=q]").focus()
    page.keyboard.type("rear wind", delay=30)
    expect(page.get_by_role("option", name="Rear Window")).to_be_visible()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/films/\?q=rear\+wind$"))


def test_the_other_film_of_a_comparison_is_found_while_typing(page: Page, site: Site) -> None:
    page.goto(f"/compare/?a={read_film(site)}")
    page.get_by_label("Film", exact=True).focus()
    page.keyboard.type("vertigo", delay=30)
    found = page.locator("#found a").first
    expect(found).to_have_text(re.compile("Vertigo"))
    found.click()
    page.wait_for_url(re.compile(r"a=.+&b=vertigo"))


def test_what_is_counted_shows_where_the_bar_is_pointed_at_or_the_list_focused(page: Page, site: Site) -> None:
    page.goto(f"/film/{read_film(site)}/")
    counted = page.get_by_text("read by the version that serves")
    expect(counted).to_be_hidden()
    page.locator(".sentiment .bar").hover()
    expect(counted).to_be_visible()
    page.locator("h1").hover()
    expect(counted).to_be_hidden()
    page.locator("h1 + .facts a").first.focus()
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.matches('.sources summary')"):
            break
    expect(counted).to_be_visible()


def test_an_open_list_and_the_focus_outlive_news_of_the_bar(page: Page, site: Site, waiting_film: str) -> None:
    page.goto(f"/film/{waiting_film}/")
    share, sources = page.locator("#film-share"), page.locator(".sources")
    share.evaluate("each => each.untouched = true")
    sources.locator("summary").press("Enter")
    asked = page.expect_response(re.compile("/bar/"))
    with asked as answer:
        pass
    assert answer.value.status == 204
    assert share.evaluate("each => each.untouched")
    site.manage("rebuild_sentiment")
    expect(share).not_to_contain_text("still being read")
    expect(sources).to_have_attribute("open", "")
    expect(sources.locator("summary")).to_be_focused()


def test_a_link_of_the_bar_keeps_the_focus_while_it_changes(page: Page, site: Site, waiting_film: str) -> None:
    page.goto(f"/film/{waiting_film}/")
    link = page.locator("#film-share a").first
    link.focus()
    site.manage("rebuild_sentiment")
    expect(page.locator("#film-share")).not_to_contain_text("still being read")
    expect(link).to_be_focused()


def test_films_like_it_take_nothing_from_under_the_focus(page: Page, site: Site) -> None:
    page.goto(f"/film/{read_film(site)}/")
    link = page.locator("#similar > p a")
    with page.expect_response(re.compile("/similar/")):
        link.focus()
    expect(page.locator("#similar > div > *").first).to_be_visible()
    expect(link).to_be_focused()


def test_nothing_moves_for_who_wants_no_motion(chromium: Browser, site: Site) -> None:
    context = chromium.new_context(base_url=site.address, reduced_motion="reduce")
    page = context.new_page()
    for address in ("/", f"/film/{read_film(site)}/", "/critic/"):
        page.goto(address)
        assert page.evaluate(MOVING) == []
        assert page.evaluate("document.getAnimations().length") == 0
    context.close()
