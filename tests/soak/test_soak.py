"""A site under half its load for a long time: nothing grows, nothing fails, nothing is left unread. `make soak`."""

import os
import time
from collections.abc import Callable, Iterator

import pytest

from tests.crowd import Answers, Person, busy, film_pages, signed_in, unlimited
from tests.live import Site, Visitor, wait_for
from tests.soak.watching import Watch, every

pytestmark = pytest.mark.soak

DURATION = float(os.environ.get("DURATION", "1800"))
WARM_UP = DURATION / 3
"""So long caches fill, connections open and the allocator finds its size: what grows then is no leak yet."""
EVERY = min(10.0, DURATION / 30)
CAPACITY_SECONDS, MOST_A_SECOND = 20.0, 100.0
VISITORS, MEMBERS, FILMS = 4, 4, 40
PENDING = "SELECT count(*) FROM sentiment_reading WHERE version_id IS NULL AND quarantined_at IS NULL"
ASIDE = "SELECT count(*) FROM sentiment_reading WHERE quarantined_at IS NOT NULL"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with unlimited(tmp_path_factory.mktemp("soak") / "home") as running:
        yield running


class Regular(Person):
    """A member who mostly reads, and writes no more than they take back, so that the site stays as large as it is."""

    def do_something(self) -> None:
        deed = self.chance.choices([self.read, self.post, self.edit, self.delete], [70, 12, 10, 8])[0]
        if len(self.own) >= len(self.films) // 2:
            deed = self.delete
        deed()


def crowd(site: Site, answers: Answers) -> list[Regular]:
    films = film_pages(site, FILMS)
    members = signed_in(site, *(f"regular{n}" for n in range(MEMBERS)))
    visitors = [Visitor(site) for _ in range(VISITORS)]
    return [Regular(browser, films, answers, seed) for seed, browser in enumerate([*members, *visitors])]


def deeds(people: list[Regular]) -> list[Callable[[], None]]:
    """Members do all, visitors read."""
    return [person.do_something for person in people[:MEMBERS]] + [person.read for person in people[MEMBERS:]]


def capacity(site: Site, people: list[Regular], answers: Answers) -> float:
    """How many answers a second people get who do not wait between two; a bound keeps a long run's count small."""
    with busy(deeds(people)):
        time.sleep(CAPACITY_SECONDS)
    return min(MOST_A_SECOND, len(answers.rows) / CAPACITY_SECONDS)


def test_nothing_grows_under_half_the_load(site: Site) -> None:
    answers = Answers()
    people = crowd(site, answers)
    wait_for(lambda: site.one(PENDING) == 0, 600, "the demo's reviews read")
    most = capacity(site, people, answers)
    watch, end = Watch(site), time.monotonic() + DURATION
    begun = len(answers.rows)
    with busy(deeds(people), pause=2 * len(people) / most):
        every(EVERY, watch.look, end)
    rate = (len(answers.rows) - begun) / DURATION
    print(f"\n{most:.1f} answers a second at most; {rate:.1f} for {DURATION:.0f} s, warm after {WARM_UP:.0f} s")
    print(f"{answers.table()}\n\n{watch.table(WARM_UP)}")
    wait_for(lambda: site.one(PENDING) == 0, 240, "all reviews read")
    site.is_clean()
    assert site.one(ASIDE) == 0
    assert answers.failures() == {}
    assert watch.seen.keys() >= {"web MB", "scoring MB", "postgres MB"}
    assert watch.grown(WARM_UP) == {}
