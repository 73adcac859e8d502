"""The sign of life of processes that nobody can ask: workers and beat."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.running.processes import REPOSITORY, wait_for
from textflix.running.signs import Renewed

BEATING = "import time; from textflix.running import heartbeat as h; heart = h.wanted(); heart.start();"


@contextlib.contextmanager
def running(file: Path, *command: str, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    variables = os.environ | {"TEXTFLIX_HEARTBEAT": str(file), "TEXTFLIX_LONGEST_TASK": "3"} | environment
    process = subprocess.Popen([sys.executable, *command], cwd=REPOSITORY, env=variables)
    try:
        wait_for(file.exists, 30)
        yield process
    finally:
        process.kill()
        process.wait()


def renewals(file: Path, seconds: float) -> int:
    sign, count, end = Renewed(file), 0, time.monotonic() + seconds
    while time.monotonic() < end:
        count += sign.given()
        time.sleep(0.05)
    return count


def test_it_goes_on_while_the_main_thread_waits_or_works(tmp_path: Path) -> None:
    for code in ("time.sleep(600)", "\nwhile True: sum(range(1000))", "import select; select.epoll().poll()"):
        file = tmp_path / str(len(code))
        with running(file, "-c", BEATING + code):
            assert renewals(file, 5) >= 2


def test_it_stops_where_the_process_is_frozen_and_goes_on_when_it_thaws(tmp_path: Path) -> None:
    file = tmp_path / "alive"
    with running(file, "-c", BEATING + "time.sleep(600)") as process:
        process.send_signal(signal.SIGSTOP)
        assert renewals(file, 5) <= 1
        process.send_signal(signal.SIGCONT)
        assert renewals(file, 5) >= 2


DEADLOCK = "import threading; lock = threading.Lock(); lock.acquire(); lock.acquire()"
DEADLOCK_IN_C = (
    "import ctypes; lock = ctypes.create_string_buffer(64); c = ctypes.CDLL(None);"
    "c.pthread_mutex_lock(lock); c.pthread_mutex_lock(lock)"
)


@pytest.mark.parametrize("stuck", [DEADLOCK, DEADLOCK_IN_C], ids=["in Python", "in C"])
def test_it_stops_where_the_main_thread_waits_for_a_lock_that_nobody_lets_go(tmp_path: Path, stuck: str) -> None:
    file = tmp_path / "alive"
    with running(file, "-c", BEATING + "time.sleep(1);" + stuck):
        time.sleep(3)
        assert renewals(file, 5) == 0


def test_it_stops_where_a_task_takes_longer_than_any_may(tmp_path: Path) -> None:
    file = tmp_path / "alive"
    with running(file, "-c", BEATING + "heart.task_begins(); time.sleep(12); heart.task_ends(); time.sleep(600)"):
        assert renewals(file, 3) >= 1
        time.sleep(2)
        assert renewals(file, 5) == 0
        assert renewals(file, 7) >= 1


@pytest.mark.parametrize(
    "command",
    [
        ("worker", "--queues=live,backfill", "--pool=solo", "--without-gossip", "--without-mingle"),
        ("beat", "--scheduler=celery.beat:Scheduler"),
    ],
    ids=["worker", "beat"],
)
@pytest.mark.parametrize("broker", ["hangs", "is away"])
def test_no_worker_looks_dead_because_the_broker(tmp_path: Path, command: tuple[str, ...], broker: str) -> None:
    with socket.socket(socket.AF_UNIX) as valkey:
        valkey.bind(str(tmp_path / "v"))
        if broker == "hangs":
            valkey.listen()
        file, url = tmp_path / "alive", f"redis+socket://{tmp_path / 'v'}"
        with running(file, "-m", "celery", "--quiet", "--app=textflix", *command, REDIS_URL=url) as process:
            assert renewals(file, 12) >= 4
            assert process.poll() is None
