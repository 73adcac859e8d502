"""`make run` as an operator lives it: real servers, with small programs in place of Django's."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import psycopg2
import pytest

from tests.running.processes import (
    IDLE,
    NOBODY,
    REPOSITORY,
    Running,
    answers,
    environment,
    free_port,
    new_home,
    pids,
    processes,
    python,
    query,
    wait_for,
)
from textflix.running.runner import answers as answering

USERS = [None, NOBODY] if os.geteuid() == 0 else [None]
STUBBORN = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {IDLE}"
GUNICORN = (
    "import sys; from gunicorn.app.wsgiapp import run; sys.argv[1:] = ['wsgiref.simple_server:demo_app', "
    "'--bind=127.0.0.1:{port}', '--worker-class=gthread', '--no-control-socket']; run()"
)
WITH_CHILD = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', '{IDLE}']); {IDLE}"


@pytest.fixture
def home() -> Iterator[Path]:
    with new_home() as folder:
        yield folder


@pytest.mark.parametrize("uid", USERS, ids=lambda uid: "this user" if uid is None else "another user")
def test_it_serves_stops_cleanly_and_keeps_everything_for_the_next_start(uid: int | None) -> None:
    with new_home(uid) as home:
        with Running(home, uid, worker=WITH_CHILD) as site:
            site.ready()
            assert home.stat().st_mode & 0o777 == 0o700
            sockets = (home / "run" / "sockets").readlink()
            assert sockets.stat().st_mode & 0o777 == 0o700
            assert answering(site.port)
            query(home, "CREATE TABLE kept AS SELECT 42 AS n")
            assert len(pids(home, "postgres")) > 1
            assert pids(home, "valkey-server")
            assert site.stop() == 0
            assert processes(home) == {}
            assert not sockets.exists()
        with Running(home, uid) as again:
            again.ready()
            assert query(home, "SELECT n FROM kept") == [(42,)]
            assert again.stop() == 0


def test_killed_servers_are_back_within_two_seconds_at_the_same_address_with_their_data(home: Path) -> None:
    with Running(home) as site:
        site.ready()
        address = (home / "run" / "sockets").readlink()
        query(home, "CREATE TABLE kept AS SELECT 42 AS n")
        busy = threading.Thread(target=_until_the_server_dies, args=[home])
        busy.start()
        wait_for(
            lambda: query(home, "SELECT 1 FROM pg_stat_activity WHERE query LIKE '%busy%'  AND state = 'active'"), 5
        )
        victims = _servers(home)
        for pid in victims:
            os.kill(pid, signal.SIGKILL)
        wait_for(lambda: set(_servers(home)) & set(victims) == set() and len(_servers(home)) == 2, 2)
        wait_for(lambda: answers(home), 10)
        busy.join()
        assert (home / "run" / "sockets").readlink() == address
        assert query(home, "SELECT n FROM kept") == [(42,)]
        assert "PostgreSQL ended with signal SIGKILL; starting it again." in site.said
        assert "Valkey ended with signal SIGKILL; starting it again." in site.said
        assert site.stop() == 0
    assert processes(home) == {}


def _servers(home: Path) -> list[int]:
    return [*pids(home, "postgres -D"), *pids(home, "valkey-server")]


def _until_the_server_dies(home: Path) -> None:
    with suppress(psycopg2.Error):
        query(home, "SELECT count(*) AS busy FROM generate_series(1, 10000000000)")


def test_a_killed_child_comes_back_and_takes_its_own_children_with_it(home: Path) -> None:
    with Running(home, servers=False, worker=WITH_CHILD) as site:
        site.ready()
        wait_for(lambda: len(pids(home, "sleep(3600)")) == 2, 5)
        before = set(pids(home, "sleep(3600)"))
        os.kill(min(before), signal.SIGKILL)

        def replaced() -> bool:
            now = set(pids(home, "sleep(3600)"))
            return len(now) == 2 and now.isdisjoint(before)

        wait_for(replaced, 5)
        assert site.stop() == 0


def test_a_killed_runner_leaves_no_process_and_the_next_start_has_everything(home: Path) -> None:
    with Running(home, web=GUNICORN, stubborn=STUBBORN) as site:
        site.ready()
        assert len(pids(home, "demo_app")) == 2  # the master and its worker
        address = (home / "run" / "sockets").readlink()
        query(home, "CREATE TABLE kept AS SELECT 42 AS n")
        left = processes(home)
        assert len(left) > 10
        site.process.kill()
        site.process.wait()
        with Running(home, port=site.port) as again:  # at once, while the killed one's children are still letting go
            again.ready()
            assert not set(left) & set(processes(home))
            assert (home / "run" / "sockets").readlink() == address
            assert query(home, "SELECT n FROM kept") == [(42,)]
            assert again.stop() == 0
    assert processes(home) == {}


def test_a_lock_file_whose_pid_belongs_to_another_process_does_not_block_the_start(home: Path) -> None:
    with Running(home) as site:
        site.ready()
        lock = (home / "postgres" / "postmaster.pid").read_text()
        assert site.stop() == 0
    other = subprocess.Popen([sys.executable, "-c", IDLE])
    (home / "postgres" / "postmaster.pid").write_text(lock.replace(lock.split()[0], str(other.pid), 1))
    try:
        with Running(home) as again:
            again.ready()
            wait_for(lambda: answers(home), 5)
            assert again.stop() == 0
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()


def test_a_second_interrupt_ends_everything_at_once(home: Path) -> None:
    with Running(home, servers=False, stubborn=STUBBORN) as site:
        site.ready()
        time.sleep(0.3)
        site.interrupt()
        time.sleep(1)
        assert site.process.poll() is None
        site.interrupt()
        assert site.ends(3) == 0
    assert processes(home) == {}


def test_a_one_shot_that_fails_is_reported_and_the_site_goes_on(home: Path) -> None:
    with Running(home, servers=False, once_fails="raise SystemExit(4)", once_works="pass") as site:
        site.ready()
        wait_for(lambda: "once_fails ended with exit code 4; it is tried again at the next start." in site.said, 5)
        assert "once_works" not in site.said
        assert site.stop() == 0


def test_nothing_is_served_when_the_setup_fails(home: Path) -> None:
    with Running(home, servers=False, setup="raise SystemExit(5)") as site:
        assert site.ends() == 1
        assert site.said.strip().endswith("Setting up ended with exit code 5, so nothing was started.")
    assert processes(home) == {}


def test_an_interrupt_during_the_setup_stops_everything(home: Path) -> None:
    with Running(home, servers=False, setup=IDLE) as site:
        wait_for(lambda: pids(home, "sleep"), 10)
        assert site.stop() == 0
    assert processes(home) == {}


def test_the_address_and_the_way_in_are_told_but_not_the_password(home: Path) -> None:
    with Running(
        home, setup="import os; open(os.environ['TEXTFLIX_HOME'] + '/admin-password', 'w').write('s3cret')"
    ) as site:
        site.ready()
        file = home / "admin-password"
        wait_for(lambda: f"the first administrator's password is in {file}," in site.said, 2)
        assert f"log in at http://127.0.0.1:{site.port}/admin/\n" in site.said
        assert "s3cret" not in site.said
        assert site.stop() == 0


def test_a_long_home_is_no_hindrance() -> None:
    with new_home(name="h" * 100 + "/" + "h" * 100) as home, Running(home, servers=False) as site:
        assert site.ready().stop() == 0


def test_a_second_runner_is_refused_and_the_first_goes_on(home: Path) -> None:
    with Running(home, servers=False) as first:
        first.ready()
        assert f"Textflix already runs on {home}" in _refused(home)
        assert answering(first.port)
        assert first.stop() == 0


def _refused(home: Path, interpreter: Sequence[str] = (sys.executable,), port: str = "") -> str:
    """What `make run` says where it must not start."""
    done = subprocess.run(
        [*interpreter, "-m", "textflix.running.runner"],
        env=environment(home, PORT=port or str(free_port())),
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=20,
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    return done.stderr


def test_a_port_in_use_is_one_sentence(home: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        assert f"Port {port} is in use" in _refused(home, port=str(port))
    assert not home.exists()


def test_a_senseless_port_is_one_sentence(home: Path) -> None:
    assert "PORT must be a whole number" in _refused(home, port="eighty")
    assert not home.exists()


def test_a_data_folder_of_another_version_is_one_sentence_and_stays(home: Path) -> None:
    data = home / "postgres"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("15\n")
    assert "was made by PostgreSQL 15" in _refused(home)
    assert [path.name for path in home.iterdir()] == ["postgres"]
    assert [path.name for path in data.iterdir()] == ["PG_VERSION"]


def test_a_folder_that_is_no_data_folder_is_one_sentence_and_stays(home: Path) -> None:
    (home / "postgres").mkdir(parents=True)
    (home / "postgres" / "notes.txt").write_text("mine")
    assert "is not a PostgreSQL data folder" in _refused(home)
    assert (home / "postgres" / "notes.txt").read_text() == "mine"


def test_a_home_that_cannot_be_written_is_one_sentence(home: Path) -> None:
    home.write_text("a file is in the way")
    assert "cannot be written" in _refused(home / "below")


class TestAsRoot:
    """What only root can set up: another user, and namespaces in which the machine is a poorer one."""

    __test__ = os.geteuid() == 0

    def test_a_home_of_another_user_is_one_sentence(self, home: Path) -> None:
        home.parent.chmod(0o755)
        home.mkdir(mode=0o700)
        assert "Permission denied" in _refused(home, python(NOBODY))

    def test_a_full_disk_is_one_sentence(self, home: Path) -> None:
        full = f"mount -t tmpfs -o size=100m none {home.parent}"
        assert f"The disk of {home} is full" in _refused(home, _in_namespaces(full))

    def test_root_on_a_machine_without_user_namespaces_is_told_what_to_do(self, home: Path) -> None:
        forbidden = "echo 0 > /proc/sys/user/max_user_namespaces"
        assert "start Textflix as an ordinary user, or set DATABASE_URL" in _refused(home, _in_namespaces(forbidden))
        assert not home.exists()


def _in_namespaces(change: str) -> list[str]:
    return [
        "unshare",
        "--user",
        "--map-root-user",
        "--mount",
        "sh",
        "-c",
        f'{change} && exec "$@"',
        "sh",
        sys.executable,
    ]
