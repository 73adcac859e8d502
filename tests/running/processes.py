"""Starts programs of ours with a home of their own, as any user, and looks at what they leave."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg2

REPOSITORY = Path(__file__).resolve().parents[2]
NOBODY = 65534
# Where both URLs are set, the runner starts no server of its own.
ELSEWHERE = {"DATABASE_URL": "postgres://elsewhere/textflix", "REDIS_URL": "redis://elsewhere/0"}
IDLE = "import time; time.sleep(3600)"
WEB = "import http.server as h; h.HTTPServer(('127.0.0.1', {port}), h.SimpleHTTPRequestHandler).serve_forever()"


def wait_for(condition: Callable[[], object], seconds: float) -> float:
    """How long the condition took to hold; fails after `seconds`."""
    begun = time.monotonic()
    while not condition():
        assert time.monotonic() - begun < seconds, f"did not happen within {seconds} s"
        time.sleep(0.05)
    return time.monotonic() - begun


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def new_home(uid: int | None = None, name: str = "home") -> Iterator[Path]:
    """A home that does not exist yet, in a folder that the user may write; pytest's own are closed to others."""
    parent = Path(tempfile.mkdtemp(prefix="t-"))
    if uid is not None:
        os.chown(parent, uid, uid)
    try:
        yield parent / name
    finally:
        shutil.rmtree(parent)


def environment(home: Path, **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL", "PORT")}
    packages = Path(psycopg2.__file__).parent.parent
    return kept | {"TEXTFLIX_HOME": str(home), "PYTHONPATH": f"{REPOSITORY}:{packages}", **more}


def python(uid: int | None) -> list[str]:
    """A Python for that user: the virtual environment's may lie below a closed home."""
    if uid is None:
        return [sys.executable]
    drop = ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups"]
    version = "import sys; sys.exit(sys.version_info < (3, 11))"
    probe = f"import subprocess, sys; sys.exit(subprocess.call([sys.executable, '-c', '{version}']))"
    for candidate in (sys.executable, "/usr/local/bin/python3", "/usr/bin/python3"):
        if subprocess.run([*drop, candidate, "-c", probe], capture_output=True).returncode == 0:
            return [*drop, candidate]
    raise AssertionError("no Python that an ordinary user may run")


def processes(home: Path) -> dict[int, str]:
    """Everything started with this home, or working inside it."""
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
            variables = (process / "environ").read_bytes().split(b"\0")
            inside = (process / "cwd").readlink().is_relative_to(home)
            if command and (inside or f"TEXTFLIX_HOME={home}".encode() in variables):
                found[int(process.name)] = command
    return found


def pids(home: Path, word: str) -> list[int]:
    return [pid for pid, command in processes(home).items() if word in command]


def query(home: Path, statement: str) -> list[tuple[object, ...]]:
    """Run a statement in the home's database, at the address that its runner made known."""
    address = (home / "run" / "sockets").readlink()
    connection = psycopg2.connect(dbname="textflix", user="textflix", host=str(address), port=5432)
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []
    finally:
        connection.close()


def answers(home: Path) -> bool:
    """Both servers serve, at the address that the runner made known."""
    address = (home / "run" / "sockets").readlink() / "valkey.sock"
    with contextlib.suppress(OSError, psycopg2.Error), socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(address))
        connection.sendall(b"PING\r\n")
        return connection.recv(16).startswith(b"+PONG") and query(home, "SELECT 1") == [(1,)]
    return False


class Running:
    """The runner with stand-ins. Used in a `with`, it is killed at the end if the test left it running."""

    def __init__(
        self,
        home: Path,
        uid: int | None = None,
        port: int = 0,
        servers: bool = True,
        setup: str = "pass",
        **children: str,
    ) -> None:
        self.home, self.port = home, port or free_port()
        programs = {name: code.replace("{port}", str(self.port)) for name, code in ({"web": WEB} | children).items()}
        asked = {"port": self.port, "setup": setup, "children": programs}
        command = [*python(uid), str(REPOSITORY / "tests" / "running" / "standin.py")]
        self.log = tempfile.TemporaryFile("w+")  # noqa: SIM115 - closed by __exit__
        self.process = subprocess.Popen(
            command,
            env=environment(home, STANDIN=json.dumps(asked), **({} if servers else ELSEWHERE)),
            cwd="/",
            stdout=self.log,
            stderr=self.log,
            start_new_session=True,
        )

    def __enter__(self) -> "Running":
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        self.log.close()
        wait_for(lambda: not processes(self.home), 10)

    @property
    def said(self) -> str:
        self.log.seek(0)
        return self.log.read()

    def ready(self) -> "Running":
        def up() -> bool:
            assert self.process.poll() is None, self.said
            return "ready at" in self.said

        wait_for(up, 30)
        return self

    def ends(self, seconds: float = 20) -> int:
        return self.process.wait(seconds)

    def interrupt(self) -> None:
        os.killpg(self.process.pid, signal.SIGINT)

    def stop(self) -> int:
        self.interrupt()
        return self.ends()
