"""Is it loved, and why? Every number opens the sentences behind it, by mouse, by keyboard, and without JavaScript."""

import json
import re
from xml.etree import ElementTree

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.steps import read_film, read_verdict, sign_in_as_admin, sign_up
from tests.conftest import PRAISE
from tests.live import Site

pytestmark = pytest.mark.browser

SIGN = 14
"""So many pixels are more than a sign takes, and less than one with any word."""


def post(page: Page, site: Site, film: str, text: str) -> str:
    """Post a review; its address, once it has been read."""
    page.goto(f"/film/{film}/review/")
    page.fill("main textarea[name=text]", text)
    page.click("main form:has(textarea) button")
    page.wait_for_url(re.compile(r"/review/\d+/$"))
    read_verdict(page)
    return page.url


def counts(page: Page, film: str) -> tuple[int, int]:
    said = page.request.get(f"/film/{film}/sentiment.json").json()
    return said["positive"], said["negative"]


def test_an_aspect_opens_its_sentences_and_a_sentence_its_place(page: Page, site: Site) -> None:
    page.goto(f"/film/{read_film(site)}/")
    row = page.locator(".why > li").first
    judged = int(re.search(r"of (\d+) positive", row.inner_text())[1])
    row.locator("h3 a").click()
    expect(page.locator(".sentences > li")).to_have_count(judged)
    sentence = page.locator(".sentences .quote a").first
    text = sentence.inner_text()
    sentence.click()
    landed = page.locator(":target")
    expect(landed).to_be_visible()
    expect(landed).to_contain_text(text)
    assert landed.evaluate("each => getComputedStyle(each).outlineStyle") == "solid"


def test_a_sign_stays_with_the_first_word_of_its_sentence(page: Page, site: Site) -> None:
    page.goto(f"/film/{read_film(site)}/")
    for width in range(360, 460, 10):
        page.set_viewport_size({"width": width, "height": 900})
        firsts = page.locator(".text mark").evaluate_all("all => all.map(each => each.getClientRects()[0].width)")
        assert min(firsts) > SIGN, f"a sign stands alone at the end of a line, at {width} px"


def test_hidden_analysis_stays_hidden(page: Page, site: Site) -> None:
    film = read_film(site)
    page.goto(f"/film/{film}/")
    expect(page.locator(".verdict").first).to_be_visible()
    page.click("text=Hide analysis")
    expect(page.locator(".verdict").first).to_be_hidden()
    page.goto("/films/")
    page.goto(f"/film/{film}/")
    expect(page.locator(".verdict").first).to_be_hidden()
    expect(page.locator("mark, .text a")).to_have_count(0)


def test_an_authors_answer_moves_the_film(page: Page, site: Site) -> None:
    film = read_film(site)
    sign_up(page)
    before = counts(page, film)
    post(page, site, film, f"{PRAISE} Or so they say.")
    assert counts(page, film) == (before[0] + 1, before[1])
    page.click("text=No, I meant negative")
    expect(page.locator("main")).to_contain_text("Labelled negative")
    assert counts(page, film) == (before[0], before[1] + 1)


def test_a_dispute_reaches_the_admins_queue(page: Page, site: Site) -> None:
    review = site.one("SELECT review_id FROM sentiment_reading WHERE verdict = 'positive' LIMIT 1")
    sign_up(page)
    page.goto(f"/review/{review}/")
    page.click("text=Did we misread it?")
    page.fill("[name=reason]", "It is irony from beginning to end.")
    page.click("text=Send")
    expect(page.locator("main")).to_contain_text("Waits for a decision")
    page.context.clear_cookies()
    sign_in_as_admin(page, site, "/admin/sentiment/dispute/")
    expect(page.locator("#result_list")).to_contain_text("It is irony from beginning to end.")


def test_facets_narrow_and_stand_in_the_address(page: Page, site: Site) -> None:
    read_film(site)
    page.goto("/films/")
    option = page.locator("select[name=genre] option").nth(1)
    count = int(option.inner_text().rsplit("·", 1)[1].replace(",", ""))
    page.select_option("select[name=genre]", option.get_attribute("value"))
    page.click(".filters >> text=Show")
    assert "genre=" in page.url
    expect(page.locator(".card")).to_have_count(min(count, 24))


def test_a_text_can_be_tried(page: Page, site: Site) -> None:
    page.goto("/critic/")
    page.fill("[name=text]", PRAISE)
    page.click("text=Read it")
    expect(page.locator("#tried")).to_contain_text("Reads positive", timeout=15_000)
    expect(page.locator("#tried mark.g").first).to_be_visible()


@pytest.mark.parametrize("status", [503, None])
def test_a_text_that_cannot_be_sent_stays_where_it_was_written(chromium: Browser, site: Site, status) -> None:
    context = chromium.new_context(base_url=site.address)
    page = context.new_page()
    page.goto("/critic/")
    long = "я" * 5_000
    page.fill("[name=text]", long)
    page.route("**/critic/try/", lambda route: route.fulfill(status=status) if status else route.abort())
    for _ in range(2):
        page.click("text=Read it")
        expect(page.locator("form [role=alert]")).to_have_text(re.compile("could not be sent"))
    assert page.url.endswith("/critic/")
    assert page.input_value("[name=text]") == long
    page.unroute("**/critic/try/")
    page.click("text=Read it")
    expect(page.locator("#tried")).to_contain_text(long)
    context.close()


def test_a_long_text_can_be_tried_without_javascript(chromium: Browser, site: Site) -> None:
    context = chromium.new_context(base_url=site.address, java_script_enabled=False)
    page = context.new_page()
    page.goto("/critic/")
    long = "я" * 5_000
    page.fill("[name=text]", long)
    page.click("text=Read it")
    assert page.input_value("[name=text]") == long
    page.click("text=Read it")
    expect(page.locator("#tried")).to_contain_text(long)
    context.close()


def test_the_why_works_without_javascript(chromium: Browser, site: Site) -> None:
    film = read_film(site)
    context = chromium.new_context(base_url=site.address, java_script_enabled=False)
    page = context.new_page()
    page.goto(f"/film/{film}/")
    page.locator(".why h3 a").first.click()
    page.locator(".sentences .quote a").first.click()
    expect(page.locator(":target")).to_be_visible()
    page.goto(f"/film/{film}/")
    page.click("text=Films like this one")
    expect(page.locator("h1")).to_contain_text("Films like")
    context.close()


# Less what is said for ears alone.
WRITTEN = """
    each => {
        const copy = each.cloneNode(true);
        copy.querySelectorAll(".vh").forEach(words => words.remove());
        return copy.textContent;
    }
"""
PAYLOADS = {
    "a script": "<script>document.title = 'owned'</script> A wonderful film.",
    "the end of a script": "A wonderful film. </script><script>document.title = 'owned'</script>",
    "an image": "A wonderful film. <img src=x onerror=\"document.title = 'owned'\">",
    "from right to left": "A wonderful film, and I loved every minute of it."
    "\u202e mlif luferdnow A \u05e1\u05e8\u05d8 \u05e0\u05e4\u05dc\u05d0",
}


@pytest.mark.parametrize("payload", PAYLOADS)
def test_what_somebody_wrote_stays_text_wherever_it_is_shown(page: Page, site: Site, payload: str) -> None:
    film = site.one(
        "SELECT slug FROM movies_movie LEFT JOIN reviews_review AS review ON movie_id = movies_movie.id"
        " WHERE review.id IS NULL LIMIT 1"
    )
    name = sign_up(page)
    text = PAYLOADS[payload]
    address = post(page, site, film, text)
    for shown in (address, f"/film/{film}/", f"/member/{name}/", "/"):
        page.goto(shown)
        assert "owned" not in page.title()
        for block in page.locator("script[type='application/ld+json']").all_text_contents():
            json.loads(block)
    page.goto(address)
    assert "".join(text.split()) == "".join(page.locator(".text").first.evaluate(WRITTEN).split())
    for feed in (f"/film/{film}/feed/", f"/member/{name}/feed/"):
        assert ElementTree.fromstring(page.request.get(feed).body()).tag.endswith("feed")


@pytest.mark.parametrize("width", [390, 640, 1280])
def test_a_sentences_share_shows_while_it_is_pointed_at(page: Page, site: Site, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    marked = site.one("SELECT review_id FROM sentiment_highlight ORDER BY review_id LIMIT 1")
    page.goto(f"/review/{marked}/")
    link = page.locator("mark a").first
    shown = "each => { const after = getComputedStyle(each, '::after'); return [after.content, after.visibility]; }"
    x, y = link.evaluate(
        "each => { const box = each.getClientRects()[0]; return [box.x + 5, box.y + box.height / 2]; }"
    )
    page.mouse.move(x, y)
    content, visibility = link.evaluate(shown)
    assert "of the verdict" in content
    assert visibility == "visible"
    page.mouse.move(0, 0)
    page.wait_for_timeout(600)
    content, visibility = link.evaluate(shown)
    assert content == "none" or visibility == "hidden"
