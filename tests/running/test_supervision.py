"""What the runner does about children that die again and again, that hang, or that write without end."""

import itertools
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg2
import pytest

from tests.running.processes import IDLE, REPOSITORY, Running, answers, new_home, pids, processes, query, wait_for
from textflix.running.children import Child
from textflix.running.logs import LOG_LIMIT
from textflix.running.runner import answers as answering
from textflix.running.runner import textflix
from textflix.running.signs import Renewed
from textflix.running.supervisor import Supervisor

DOOMED = "import time; open({file!r}, 'a').write(f'{{time.monotonic()}}\\n'); raise SystemExit(3)"


@pytest.fixture
def home() -> Iterator[Path]:
    with new_home() as folder:
        yield folder


def test_a_child_that_keeps_dying_is_started_at_growing_pauses_and_the_site_goes_on(home: Path) -> None:
    starts = home.parent / "starts"
    with Running(home, servers=False, doomed=DOOMED.format(file=str(starts))) as site:
        site.ready()
        wait_for(lambda: len(starts.read_text().splitlines()) == 6, 40)
        times = [float(line) for line in starts.read_text().splitlines()]
        pauses = [later - earlier for earlier, later in itertools.pairwise(times)]
        for pause, least in zip(pauses, (0, 1, 2, 4, 8), strict=True):
            assert pause >= least
        assert answering(site.port)
        assert site.said.count("doomed ended with exit code 3; starting it again.") == 4
        assert site.said.count("doomed ended with exit code 3, for the fifth time in a row.") == 1
        assert site.said.count("doomed") == 5
        assert site.stop() == 0


def test_five_deaths_of_a_vital_child_end_everything_with_one_sentence(home: Path) -> None:
    with Running(home, servers=False, vital="raise SystemExit(3)") as site:
        assert site.ends(30) == 1
        last = site.said.strip().splitlines()[-1]
        assert last == (
            "textflix: vital ended five times within a minute (last with exit code 3), so everything was stopped."
        )
    assert processes(home) == {}


def test_only_the_web_server_and_the_database_end_everything() -> None:
    vital = {child.name for child in textflix().children if child.vital}
    assert vital == {"The web server"}


@pytest.mark.parametrize("program", ["postgres -D", "valkey-server"])
def test_a_server_that_hangs_is_replaced(home: Path, program: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HANG_PATIENCE", "6")
    with Running(home) as site:
        site.ready()
        query(home, "CREATE TABLE kept AS SELECT 42 AS n")
        time.sleep(7)
        assert "no sign of life" not in site.said
        (hung,) = pids(home, program)
        os.kill(hung, signal.SIGSTOP)
        wait_for(lambda: pids(home, program) not in ([], [hung]), 30)
        wait_for(lambda: _served(home), 15)
        assert query(home, "SELECT n FROM kept") == [(42,)]
        assert site.said.count("gave no sign of life for 6 s; starting it again.") == 1
        assert site.stop() == 0


def _served(home: Path) -> bool:
    try:
        return answers(home)
    except psycopg2.Error:
        return False


def _looked_after(child: Child, until: Callable[[Supervisor], bool], seconds: float) -> None:
    with Supervisor() as supervisor:
        supervisor.start([child])
        end = time.monotonic() + seconds
        while not until(supervisor):
            assert time.monotonic() < end, f"not within {seconds} s"
            supervisor.tick()
            time.sleep(0.05)


def _python(code: str, **options: object) -> Child:
    return Child("a child", [sys.executable, "-c", code], cwd=REPOSITORY, **options)  # type: ignore[arg-type]


def test_a_child_that_gives_signs_of_life_is_left_alone(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "alive"
    code = f"import pathlib, time\nwhile True: pathlib.Path({str(file)!r}).touch(); time.sleep(0.5)"
    begun = time.monotonic()
    _looked_after(
        _python(code, sign=lambda: Renewed(file), patience=2.0), lambda _: time.monotonic() - begun > 5, seconds=10
    )
    assert capfd.readouterr() == ("", "")


def test_a_machine_that_stood_still_blames_no_child(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    slept = []

    def sleep_once(_: Supervisor) -> bool:
        if not slept:
            slept.append(time.sleep(4))
            return False
        return True

    _looked_after(_python(IDLE, sign=lambda: Renewed(tmp_path / "never"), patience=2.0), sleep_once, seconds=10)
    assert capfd.readouterr() == ("", "")


def test_a_log_stays_bounded_while_its_child_writes_on(tmp_path: Path) -> None:
    log = tmp_path / "child.log"
    most = []

    def written(supervisor: Supervisor) -> bool:
        most.append(log.stat().st_size)
        return len([1 for before, size in itertools.pairwise(most) if size < before]) == 3

    _looked_after(
        _python("import time\nwhile True: print('x' * 1_000_000, flush=True); time.sleep(0.01)", log=log), written, 60
    )
    assert max(most) < 3 * LOG_LIMIT
    assert log.with_suffix(".log.1").stat().st_size > LOG_LIMIT
    # Emptied, it begins anew: a writer that kept its place would leave a hole before it.
    assert b"\0" not in log.read_bytes()


def test_the_log_of_a_running_database_is_emptied_and_written_on(home: Path) -> None:
    log = home / "log" / "postgres.log"
    with Running(home) as site:
        site.ready()
        with log.open("ab") as file:
            file.write(b"old\n" * (LOG_LIMIT // 3))
        wait_for(lambda: log.stat().st_size < LOG_LIMIT, 5)
        with pytest.raises(psycopg2.Error):
            query(home, "SELECT new_words")
        wait_for(lambda: b"new_words" in log.read_bytes(), 5)
        assert log.stat().st_size < 10_000
        assert (home / "log" / "postgres.log.1").stat().st_size > LOG_LIMIT
        assert site.stop() == 0
