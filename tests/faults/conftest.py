from collections.abc import Iterator

import pytest

from tests.live import Site, started


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with started(tmp_path_factory.mktemp("site") / "home") as running:
        yield running
