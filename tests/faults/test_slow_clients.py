"""Fifty clients who send or take a byte a second do not keep others from their pages, without a proxy either."""

import contextlib
import time

import pytest
import requests

from tests.faults.slow import KINDS, Crowd, crowd
from tests.live import Site, wait_for

pytestmark = pytest.mark.faults
MANY, SECONDS = 50, 4
# Of a page for somebody else meanwhile; without care for slow clients it takes as long as they like, 20 s and more.
LONGEST = 5.0


def pages(site: Site) -> list[float]:
    """How long pages take, one after the other, on connections of their own; the shortest first."""
    taken, end = [], time.monotonic() + SECONDS
    while time.monotonic() < end:
        begun = time.monotonic()
        assert requests.get(site.address + "/films/", timeout=LONGEST * 2).ok
        taken.append(time.monotonic() - begun)
    return sorted(taken)


def are_held(slow: Crowd) -> bool:
    """Whether all are there, and none had to come back; of those that are refused at once, whether so many came."""
    return slow.came >= MANY if slow.kind.refused else slow.present >= MANY and not slow.let_go


def median(taken: list[float]) -> float:
    return taken[len(taken) // 2]


@pytest.mark.parametrize("kind", KINDS)
def test_fifty_slow_clients(site: Site, kind: str) -> None:
    serving = sorted(site.pids("gunicorn"))
    alone = pages(site)
    with crowd(site.port, kind, MANY) as slow:
        assert are_held(slow)
        came = slow.came
        meanwhile = pages(site)
        assert slow.came > came if slow.kind.refused else are_held(slow), "they stay, or keep coming back"
    assert sorted(site.pids("gunicorn")) == serving, "no number of pages makes it start again, which all would wait for"
    assert meanwhile[-1] < LONGEST
    assert median(meanwhile) < 4 * median(alone) + 0.1


def test_fifty_of_each_kind_at_once_are_let_go_one_after_the_other(site: Site) -> None:
    with contextlib.ExitStack() as stack:
        slow = {kind: stack.enter_context(crowd(site.port, kind, MANY)) for kind in KINDS}
        wait_for(lambda: sum(crowd.present for crowd in slow.values()) > 4 * MANY, 20, "they are there")
        assert pages(site)[-1] < LONGEST
        for kind in ("saying nothing", "dripping a head", "dripping a body"):
            wait_for(lambda k=kind: slow[k].let_go >= MANY, 60, f"those {kind} let go", every=1)
        assert pages(site)[-1] < LONGEST
