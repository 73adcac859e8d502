"""Fifty readers at once while the worker is busy, on a whole site as `make run` starts it (-s shows figures)."""

import asyncio
import itertools
import json
import re
import statistics
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.live import Site, started
from tests.load.generator import rows

pytestmark = pytest.mark.load
REVIEWS, CROWD = 34_000, 3_000
READERS, SECONDS = 50, 20
PROMISED_P95, PROMISED_RATIO = 0.25, 10
AS_FAST = 33
"""Pages a second, made for each reader, of a machine as fast as the promise of seconds is for: of a slower one it is as
much longer."""
UNREAD = "SELECT count(*) FROM sentiment_reading WHERE version_id IS NULL"
FULLEST = """
    SELECT slug FROM movies_movie JOIN sentiment_moviesentiment ON movie_id = id WHERE listed
    ORDER BY reviews DESC, id LIMIT 5
"""
LENGTH = re.compile(rb"\r\nContent-Length: (\d+)\r\n")
STRANGER = "sessionid=nobody"
"""With a session, though nobody's, each page is made anew."""


class Read(NamedTuple):
    """What some readers got: pages a second, and the median and 95th percentile of how long one took, in seconds."""

    rate: float
    median: float
    p95: float

    def __str__(self) -> str:
        return f"{self.rate:.0f} pages/s, median {1000 * self.median:.0f} ms, p95 {1000 * self.p95:.0f} ms"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("readers")
    with started(folder / "home") as site:
        generated(site, folder / "reviews.jsonl")
        yield site


def generated(site: Site, path: Path) -> None:
    films = [imdb_id for (imdb_id,) in site.sql("SELECT imdb_id FROM movies_movie WHERE listed ORDER BY id")]
    with path.open("w") as file:
        for row in rows(REVIEWS, films, crowded=CROWD):
            told = {"imdb_id": row.imdb_id, "external_id": row.external_id, "text": row.text}
            file.write(json.dumps(told | ({"stars": row.stars / 2} if row.stars else {})) + "\n")
    imported = site.manage("import_reviews", str(path), "--format=jsonl")
    assert imported.returncode == 0, imported.stderr


def pages(site: Site) -> list[str]:
    films = [f"/film/{slug}/" for (slug,) in site.sql(FULLEST)]
    return ["/", "/films/?sort=positive", "/people/", f"{films[0]}why/acting/", f"{films[0]}?sort=negative", *films]


async def reader(site: Site, addresses: Iterable[str], headers: str, end: float) -> list[float]:
    """Ask for one page after the other on one connection, and note how long each took."""
    took = []
    incoming, outgoing = await asyncio.open_connection("127.0.0.1", site.port)
    for address in addresses:
        begun = time.monotonic()
        if begun > end:
            break
        outgoing.write(f"GET {address} HTTP/1.1\r\nHost: 127.0.0.1:{site.port}\r\n{headers}\r\n".encode())
        head = await incoming.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 "), (address, head)
        await incoming.readexactly(int(LENGTH.search(head)[1]))
        took.append(time.monotonic() - begun)
    outgoing.close()
    return took


async def read(site: Site, cookie: str = "") -> Read:
    """Let readers ask for pages, each in an order of its own, for some seconds.

    One thread does it for all: fifty would take more from the site's cores, and wait for each other.
    """
    asked, end = pages(site), time.monotonic() + SECONDS
    headers = "Accept-Encoding: gzip\r\n" + (f"Cookie: {cookie}\r\n" if cookie else "")
    orders = [itertools.islice(itertools.cycle(asked), first, None) for first in range(READERS)]
    each = await asyncio.gather(*(reader(site, order, headers, end) for order in orders))
    took = list(itertools.chain.from_iterable(each))
    return Read(len(took) / SECONDS, statistics.median(took), statistics.quantiles(took, n=20)[-1])


def test_fifty_readers_while_the_worker_is_busy(site: Site) -> None:
    assert site.one(UNREAD) > REVIEWS / 2
    visitors = asyncio.run(read(site))
    assert site.one(UNREAD) > 0, "the worker must have been busy all the time"
    strangers = asyncio.run(read(site, STRANGER))
    print(f"\n{READERS} visitors, worker busy: {visitors}\npages made for each reader: {strangers}")
    assert visitors.p95 <= PROMISED_P95 * max(1, AS_FAST / strangers.rate)
    assert visitors.rate >= PROMISED_RATIO * strangers.rate
