"""A whole site, started as `make run` starts it, for tests that use it from outside: pages, processes, its database."""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg2
import requests

REPOSITORY = Path(__file__).resolve().parent.parent
PASSWORD = "Corr3ct-horse-battery!"


@dataclass
class Site:
    home: Path
    port: int
    runner: "subprocess.Popen[bytes]"

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @contextlib.contextmanager
    def database(self) -> Iterator[Any]:
        """A connection of the test's own; what it did is undone at the end, unless it commits."""
        sockets = str((self.home / "run" / "sockets").readlink())
        with contextlib.closing(psycopg2.connect(host=sockets, dbname="textflix", user="textflix")) as connection:
            yield connection

    def sql(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with self.database() as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(query, values)
                return cursor.fetchall() if cursor.description else []

    def one(self, query: str, *values: object) -> Any:
        return self.sql(query, *values)[0][0]

    def manage(self, *command: str) -> "subprocess.CompletedProcess[str]":
        with self.managing(*command) as process:
            said, complained = process.communicate()
        return subprocess.CompletedProcess(command, process.returncode, said, complained)

    def managing(self, *command: str) -> "subprocess.Popen[str]":
        """Start a command; whoever asked for it waits for its end."""
        environment = os.environ | {"TEXTFLIX_HOME": str(self.home)}
        asked = [sys.executable, "manage.py", *command]
        pipe = subprocess.PIPE
        return subprocess.Popen(asked, cwd=REPOSITORY, env=environment, stdout=pipe, stderr=pipe, text=True)

    def pids(self, *words: str) -> list[int]:
        """This site's processes whose command line holds all these words."""
        found = []
        for entry in Path("/proc").iterdir():
            with contextlib.suppress(OSError):
                if entry.name.isdigit() and all(w in (entry / "cmdline").read_bytes().decode() for w in words):
                    mine = str(self.home).encode() in (entry / "environ").read_bytes()
                    if mine or str(self.home) in os.readlink(entry / "cwd"):
                        found.append(int(entry.name))
        return found

    def kill(self, *words: str, how: signal.Signals = signal.SIGKILL) -> list[int]:
        struck = self.pids(*words)
        assert struck, f"no process matches {words}"
        for pid in struck:
            os.kill(pid, how)
        return struck

    def is_clean(self) -> None:
        checked = self.manage("rebuild_sentiment", "--check")
        assert checked.returncode == 0, checked.stderr


class Visitor(requests.Session):
    """A browser without JavaScript."""

    def __init__(self, site: Site) -> None:
        super().__init__()
        self.site = site

    def open(self, path: str, **values: str) -> requests.Response:
        """GET a page; with values, fill in its form and submit it to the same address."""
        return self.filled(path, **values)() if values else self.get(self.site.address + path, timeout=30)

    def filled(self, path: str, **values: str) -> Callable[[], requests.Response]:
        """Open a page and fill in its form; what is returned submits it to the same address."""
        page = self.get(self.site.address + path, timeout=30)
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)
        assert token, f"{path} has no form"
        form = {"csrfmiddlewaretoken": token[1]} | values
        return lambda: self.post(page.url, data=form, headers={"Referer": page.url}, timeout=30)

    def sign_up(self, name: str) -> "Visitor":
        mail = f"{name}@example.org"
        answer = self.open("/accounts/signup/", username=name, email=mail, password1=PASSWORD, password2=PASSWORD)
        assert answer.ok
        assert "sessionid" in self.cookies
        return self

    def write(self, film: str, text: str) -> int:
        """Post a review; its id."""
        answer = self.open(f"{film}review/", text=text)
        found = re.search(r"/review/(\d+)/$", answer.url)
        assert found, f"posting led to {answer.url}"
        return int(found[1])

    def verdict(self, review: int) -> dict[str, Any]:
        return dict(json.loads(self.open(f"/review/{review}/verdict.json").text))


def wait_for(what: Callable[[], Any], seconds: float, reason: str, every: float = 0.05) -> Any:
    """The first true answer within so many seconds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with contextlib.suppress(requests.ConnectionError, requests.Timeout, psycopg2.OperationalError):
            if found := what():
                return found
        time.sleep(every)
    raise AssertionError(f"not within {seconds} s: {reason}")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def started(home: Path) -> Iterator[Site]:
    port = free_port()
    # Not what this process, which is no page, has set for itself: how long it waits for the database.
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("DATABASE_", "REDIS_"))}
    environment |= {"TEXTFLIX_HOME": str(home), "PORT": str(port)}
    with (home.parent / "site.log").open("ab") as log:
        runner = subprocess.Popen(
            [sys.executable, "-m", "textflix.running.runner"], cwd=REPOSITORY, env=environment, stdout=log, stderr=log
        )
    site = Site(home, port, runner)
    try:
        wait_for(lambda: requests.get(site.address + "/readyz", timeout=5).ok, 300, "a critic that serves", every=1)
        yield site
    finally:
        runner.send_signal(signal.SIGINT)
        runner.wait(40)
