"""Where the embedded PostgreSQL and Valkey live and how they are reached, for when DATABASE_URL or REDIS_URL is unset.

`python -m textflix.running.embedded run -- COMMAND` runs a command on throw-away servers, `here -- COMMAND` on those of
this TEXTFLIX_HOME, whether the site runs or not. Standard library only.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

from textflix.running import servers
from textflix.running.children import Child, Failure
from textflix.running.supervisor import Stopped, Supervisor, complain

REPOSITORY = Path(__file__).resolve().parents[2]
VALKEY_SOCKET = "valkey.sock"
LONGEST_SOCKET = 107
VALKEY_S = 20.0


class NotRunning(Failure):
    """Nobody runs the embedded servers of this TEXTFLIX_HOME."""


def home() -> Path:
    """The folder of everything that Textflix keeps: TEXTFLIX_HOME, or `var` in the repository."""
    return Path(os.environ.get("TEXTFLIX_HOME") or REPOSITORY / "var").expanduser().absolute()


def database() -> dict[str, str]:
    """The embedded PostgreSQL as entries of Django's DATABASES; raises NotRunning."""
    return {"NAME": servers.NAME, "USER": servers.NAME, "HOST": str(_sockets()), "PORT": "5432"}


def redis_url() -> str:
    """The embedded Valkey as a kombu broker URL; raises NotRunning."""
    return f"redis+socket://{quote(str(_sockets() / VALKEY_SOCKET))}"


def secret_key() -> str:
    """A random key of this home's own, made once."""
    return kept("secret-key", lambda: secrets.token_urlsafe(50))


def kept(name: str, make: Callable[[], str]) -> str:
    """Return the text of a private file of the home folder, made by `make` the first time, whoever asks meanwhile."""
    path = home() / name
    if not path.exists():
        home().mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=home()) as new, contextlib.suppress(FileExistsError):
            new.write(make())
            new.flush()
            os.link(new.name, path)
    return path.read_text()


def wants_postgres() -> bool:
    return not os.environ.get("DATABASE_URL")


def wants_valkey() -> bool:
    return not os.environ.get("REDIS_URL")


def check() -> None:
    """Raise Failure where the servers cannot be started here; changes nothing."""
    servers.check_disk(home())
    if wants_postgres() or wants_valkey():
        servers.check_machine()
    if wants_postgres():
        servers.check_postgres(home() / "postgres")


class AlreadyRuns(Failure):
    """Another runner holds this TEXTFLIX_HOME."""


@contextlib.contextmanager
def opened() -> Iterator[None]:
    """Hold the home folder and its sockets' address meanwhile; one runner at a time."""
    root = home()
    try:
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name in ("run", "log", "valkey"):
            (root / name).mkdir(mode=0o700, exist_ok=True)
        lock = (root / "run" / "lock").open("a+")
    except OSError as error:
        raise Failure(
            f"{root} cannot be written ({error.strerror}): set TEXTFLIX_HOME to a folder of yours."
        ) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise AlreadyRuns(
                f"Textflix already runs on {root}: stop it first, or set TEXTFLIX_HOME to another."
            ) from None
        sockets = _make_sockets()
        try:
            yield
        finally:
            shutil.rmtree(sockets, ignore_errors=True)
            _link().unlink(missing_ok=True)


def start(supervisor: Supervisor, *, careless: bool = False) -> None:
    """Start the servers that are wanted and wait until they answer; `careless` trades durability for speed."""
    root, sockets = home(), _sockets()
    if wants_postgres():
        data = root / "postgres"
        servers.create_cluster(data, careless=careless)
        supervisor.start([servers.postgres(data, sockets, root / "log" / "postgres.log", careless=careless)])
    if wants_valkey():
        supervisor.start([servers.valkey(root / "valkey", sockets / VALKEY_SOCKET, root / "log" / "valkey.log")])
    if wants_postgres():
        supervisor.wait(lambda: servers.postgres_ready(data), "PostgreSQL is not ready yet, it may be recovering …")
    if wants_valkey():
        # The site does without it: pages and posts go on, and what is to be read waits.
        supervisor.wait(
            lambda: servers.valkey_ready(sockets / VALKEY_SOCKET), "Valkey is not ready yet …", at_most=VALKEY_S
        )


def run(command: list[str]) -> int:
    """Run a command on servers of its own, in a home that is gone afterwards; the command's exit code."""
    os.environ.pop("DATABASE_URL", None)
    os.environ.pop("REDIS_URL", None)
    with tempfile.TemporaryDirectory(prefix="textflix-", ignore_cleanup_errors=True) as folder:
        os.environ["TEXTFLIX_HOME"] = folder
        check()
        with opened(), Supervisor() as supervisor:
            start(supervisor, careless=True)
            return supervisor.call(_asked_for(command))


def here(command: list[str]) -> int:
    """Run a command on this home's servers, those of the running site or else started for it; its exit code."""
    check()
    try:
        with opened(), Supervisor() as supervisor:
            start(supervisor)
            return supervisor.call(_asked_for(command))
    except AlreadyRuns:
        return subprocess.run(command).returncode


def _asked_for(command: list[str]) -> Child:
    return Child(command[0], command, stop=signal.SIGINT, once=True, reads_terminal=True)


def _link() -> Path:
    return home() / "run" / "sockets"


def _sockets() -> Path:
    """The sockets' folder: elsewhere and short, because a socket's path ends at 107 bytes; the link is its address."""
    link = _link()
    if not link.is_dir():
        raise NotRunning("Textflix is not running: start it with `make run`.")
    return link.readlink()


def _make_sockets() -> Path:
    """Make the sockets' folder, or take over the one that a killed runner left, so that the address stays."""
    link = _link()
    if link.is_dir():
        left = link.readlink().lstat()
        if left.st_uid == os.geteuid() and left.st_mode & 0o777 == 0o700:
            return link.readlink()
    link.unlink(missing_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="textflix-"))
    if len(os.fsencode(folder / servers.POSTGRES_SOCKET)) > LONGEST_SOCKET:
        folder.rmdir()
        raise Failure(f"{folder.parent} is too long a path for sockets: set TMPDIR to a shorter one, such as /tmp.")
    link.symlink_to(folder)
    return folder


def main(arguments: list[str]) -> int:
    match arguments:
        case ["run" | "here" as where, "--", _, *_]:
            try:
                return (run if where == "run" else here)(arguments[2:])
            except (Stopped, KeyboardInterrupt):
                return 130
            except (Failure, OSError) as failure:
                complain(str(failure))
                return 1
    complain("usage: python -m textflix.running.embedded run|here -- COMMAND …")
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
