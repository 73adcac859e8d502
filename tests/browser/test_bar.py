"""What the film's bar counts, where it is pointed at, and the figures' labels."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.steps import read_film
from tests.live import Site

pytestmark = pytest.mark.browser

OVERLAPPING = """
    () => [...document.querySelectorAll("svg.columns")].flatMap(figure => {
        const edge = figure.getBoundingClientRect();
        const boxes = [...figure.querySelectorAll("text")].map(each => each.getBoundingClientRect());
        return boxes.filter((box, i) =>
            box.left < edge.left - 1 || box.right > edge.right + 1 || box.bottom > edge.bottom + 1
            || boxes.slice(i + 1).some(other => box.left < other.right && other.left < box.right
                && box.top + 2 < other.bottom && other.top + 2 < box.bottom)
        ).map(box => box.left);
    })
"""


@pytest.mark.parametrize("width", [390, 1280])
def test_the_list_stays_from_the_bar_over_its_numbers_to_the_list_itself(page: Page, site: Site, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"/film/{read_film(site)}/")
    counted = page.locator("#film-sources li").first
    expect(counted).to_be_hidden()
    page.locator(".sentiment .bar").hover()
    expect(counted).to_be_visible()
    bar, line = page.locator(".sentiment .bar").bounding_box(), counted.bounding_box()
    assert bar
    assert line
    for y in range(int(bar["y"]) + 1, int(line["y"]) + 5):
        page.mouse.move(bar["x"] + 40, y)
        assert counted.is_visible(), f"lost {y - bar['y']:.0f} pixels below the bar's upper edge"
    listed = page.locator("#film-sources").bounding_box()
    assert listed
    assert listed["x"] + listed["width"] <= bar["x"] + bar["width"], "it stays within the page's margins"


@pytest.mark.parametrize("width", [390, 1280])
def test_labels_of_columns_do_not_overlap(page: Page, site: Site, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"/film/{read_film(site)}/")
    expect(page.locator("#over-time text").first).to_be_visible()
    assert page.evaluate(OVERLAPPING) == []
