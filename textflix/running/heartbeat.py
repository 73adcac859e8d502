"""The sign of life of a process that nobody can ask: its main thread renews a file. Standard library only.

A timer's signal is handled by the main thread, between two steps of whatever it does: also while it waits for a broker
that is away, or trains for an hour. Where it is frozen, waits for a lock that nobody lets go, or is stuck in a call
that does not return, the file grows old. So it does where one task takes longer than any may: work that goes round in
circles is no sign of life.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path
from typing import Any

FILE, LONGEST_TASK = "TEXTFLIX_HEARTBEAT", "TEXTFLIX_LONGEST_TASK"
EVERY_S = 2.0


class Heartbeat:
    """Renews a file for as long as the main thread goes on and its task is not overdue."""

    def __init__(self, file: Path, longest_task: float) -> None:
        self.file, self.longest_task = file, longest_task
        self.task_since: float | None = None

    def start(self) -> None:
        signal.signal(signal.SIGALRM, self.beat)
        # Else it would also be handled in the midst of waiting for a lock, which is no work.
        signal.siginterrupt(signal.SIGALRM, False)
        signal.setitimer(signal.ITIMER_REAL, 0.01, EVERY_S)

    def beat(self, *_: Any) -> None:
        if self.task_since is None or time.monotonic() - self.task_since < self.longest_task:
            # A full disk, or a folder that is gone, is not the worker's fault.
            with contextlib.suppress(OSError):
                self.file.touch()

    def task_begins(self, **_: Any) -> None:
        self.task_since = time.monotonic()

    def task_ends(self, **_: Any) -> None:
        self.task_since = None


def wanted() -> Heartbeat | None:
    """The heartbeat that whoever started this process asks for, if any."""
    file = os.environ.get(FILE)
    return Heartbeat(Path(file), float(os.environ[LONGEST_TASK])) if file else None
