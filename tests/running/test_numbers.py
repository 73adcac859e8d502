"""The numbers that the environment sets, as the runner looks at them before it starts anything."""

import pytest

from tests.running.processes import ELSEWHERE
from textflix.running.children import Failure
from textflix.running.runner import textflix


@pytest.fixture(autouse=True)
def embedded_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ELSEWHERE:
        monkeypatch.delenv(name, raising=False)


def many_threads(monkeypatch: pytest.MonkeyPatch, processes: int, threads: int) -> None:
    monkeypatch.setenv("WEB_CONCURRENCY", str(processes))
    monkeypatch.setenv("WEB_THREADS", str(threads))


def test_more_threads_than_the_embedded_database_has_connections_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    many_threads(monkeypatch, 5, 10)
    assert textflix().children
    many_threads(monkeypatch, 3, 17)
    with pytest.raises(Failure, match="is 51, and the embedded database has connections for 50"):
        textflix()


def test_a_database_of_one_s_own_may_have_as_many_as_it_likes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", ELSEWHERE["DATABASE_URL"])
    many_threads(monkeypatch, 10, 100)
    assert textflix().children
