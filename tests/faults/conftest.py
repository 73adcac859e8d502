import itertools
from collections.abc import Iterator

import pytest

from tests.faults.steps import DOUBLE, PENDING
from tests.live import Site, Visitor, started, wait_for

_names = itertools.count(1)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with pytest.MonkeyPatch.context() as environment:
        # Longer than any test here lets a process stand still, and half as long to wait for as usual.
        environment.setenv("HANG_PATIENCE", "45")
        with started(tmp_path_factory.mktemp("site") / "home") as running:
            yield running


@pytest.fixture
def member(site: Site) -> Visitor:
    return Visitor(site).sign_up(f"patient{next(_names)}")


@pytest.fixture
def everything_is_read_in_the_end(site: Site) -> Iterator[None]:
    yield
    wait_for(lambda: site.one(PENDING) == 0, 240, "all reviews read")
    assert site.one("SELECT count(*) FROM sentiment_reading WHERE quarantined_at IS NOT NULL") == 0
    assert site.one(DOUBLE) == 0
    site.is_clean()
