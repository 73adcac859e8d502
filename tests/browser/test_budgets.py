"""What a page may weigh, and how soon it must be there on a processor four times slower."""

import gzip
import re
import statistics

import pytest
from playwright.sync_api import Browser

from tests.browser.steps import read_film
from tests.live import Site

pytestmark = pytest.mark.browser

WEIGHT, PAINT_MS, SLOWER, VISITS = 150 * 1024, 1_500, 4, 5
WEIGHED = re.compile(r"^(?:text/html|text/css|text/javascript|application/javascript)\b")
OBSERVE = """
    window.shifted = 0; window.painted = 0;
    const observe = (type, note) =>
        new PerformanceObserver(list => list.getEntries().forEach(note)).observe({type, buffered: true});
    observe("layout-shift", shift => { if (!shift.hadRecentInput) window.shifted += shift.value; });
    observe("largest-contentful-paint", paint => { window.painted = paint.startTime; });
"""


def weigh(chromium: Browser, site: Site, address: str) -> int:
    """The page's HTML, CSS and JavaScript in bytes, compressed as a server in front of it would."""
    context = chromium.new_context(base_url=site.address)
    page = context.new_page()
    bodies: list[bytes] = []
    page.on(
        "response",
        lambda answer: bodies.append(answer.body()) if WEIGHED.match(answer.headers.get("content-type", "")) else None,
    )
    page.goto(address, wait_until="networkidle")
    context.close()
    assert len(bodies) > 3, "the page, its style sheets and its script"
    return sum(len(gzip.compress(body, 6)) for body in bodies)


def paint(chromium: Browser, site: Site, address: str) -> tuple[float, float]:
    """When the largest thing was painted (ms), and how far things moved (cumulative layout shift), for a newcomer."""
    context = chromium.new_context(base_url=site.address, viewport={"width": 390, "height": 844})
    page = context.new_page()
    context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    page.add_init_script(OBSERVE)
    page.goto(address, wait_until="networkidle")
    found = page.evaluate("[painted, shifted]")
    context.close()
    return found[0], found[1]


@pytest.mark.parametrize("address", ["/", "/film/{film}/", "/film/{film}/why/acting/", "/films/", "/critic/"])
def test_pages_keep_their_budget(chromium: Browser, site: Site, address: str) -> None:
    read_film(site)
    fullest = site.one(
        "SELECT slug FROM movies_movie JOIN sentiment_moviesentiment ON movie_id = id ORDER BY reviews DESC LIMIT 1"
    )
    address = address.format(film=fullest)
    weight = weigh(chromium, site, address)
    visits = [paint(chromium, site, address) for _ in range(VISITS)]
    painted, shifted = statistics.median(ms for ms, _ in visits), max(shift for _, shift in visits)
    print(f"{address}: {weight / 1024:.0f} KB, painted after {painted:.0f} ms, moved by {shifted:.3f}")
    assert weight <= WEIGHT
    assert painted > 0, "nothing was painted"
    assert painted <= PAINT_MS
    assert shifted < 0.01
