"""The log files of children, bounded also while these run for months."""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path
from typing import IO

LOG_LIMIT = 10_000_000


def open_log(path: Path) -> IO[bytes]:
    """A log to write to, at its end: whoever appends goes on at the beginning once it is emptied."""
    return path.open("ab")


def bound(path: Path) -> None:
    """Keep a log that has grown too long as the one before, and let its writers go on with an empty file.

    What they write between the copy and the emptying is lost; a full disk costs the copy, never the bound.
    """
    with contextlib.suppress(OSError):
        if path.stat().st_size > LOG_LIMIT:
            with contextlib.suppress(OSError):
                shutil.copyfile(path, path.with_suffix(".log.1"))
            os.truncate(path, 0)


def last_lines(log: Path | None) -> str:
    if log is None or not log.exists():
        return ""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 4000))
        lines = file.read().decode(errors="replace").splitlines()[-10:]
    return "\n".join([f" Its last lines, from {log}:", *lines])
