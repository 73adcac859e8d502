"""A process to keep running, and how it is started, judged and buried. Standard library only."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from textflix.running.logs import open_log
from textflix.running.signs import Sign

MAX_DEATHS, WITHIN_S = 5, 60.0
# A child that has lived so long has recovered. Before that, the pauses between its starts grow.
STEADY_S = 60.0
LONGEST_PAUSE_S, LONGEST_PAUSE_OF_VITAL_S = 60.0, 1.0
PR_SET_PDEATHSIG = 1

_libc = ctypes.CDLL(None)


class Failure(Exception):
    """An error that ends everything; its message is the one sentence that the operator reads."""


@dataclass(frozen=True)
class Child:
    """A process to keep running: its command, and how it is started and stopped.

    `stop` asks it to end, with `grace` seconds to do so; `orphaned` is what the kernel sends it when the runner itself
    is killed. `clean` runs before every start and after the last end, for what a killed predecessor left. A `once`
    child may end: it is not started again. Without a `vital` one nothing is served: where it cannot be kept alive,
    everything ends. One that gives no `sign` of life for its `patience` is replaced.
    """

    name: str
    command: list[str]
    cwd: Path | None = None
    log: Path | None = None
    nice: int = 0
    stop: signal.Signals = signal.SIGTERM
    grace: float = 10.0
    orphaned: signal.Signals = signal.SIGKILL
    once: bool = False
    vital: bool = False
    sign: Callable[[], Sign] | None = None
    patience: float = 90.0
    environment: dict[str, str] = field(default_factory=dict)
    reads_terminal: bool = False
    clean: Callable[[], None] = field(default=lambda: None)


def tied(orphaned: signal.Signals = signal.SIGKILL, nice: int = 0) -> Callable[[], None]:
    """A `preexec_fn` that ties the child's life to ours. The kernel watches the forking thread: fork from the main."""
    parent = os.getpid()

    def prepare() -> None:
        _libc.prctl(PR_SET_PDEATHSIG, int(orphaned), 0, 0, 0)
        if os.getppid() != parent:  # we died before the line above took effect
            os._exit(1)
        os.nice(nice)

    return prepare


class Process:
    """The running process of a child, which is started anew when it dies."""

    def __init__(self, child: Child) -> None:
        self.child = child
        self.deaths: deque[float] = deque(maxlen=MAX_DEATHS)
        self.in_a_row = 0
        self.restart_at = 0.0
        self.watched = True
        self.launch()

    def launch(self) -> None:
        child = self.child
        child.clean()
        with contextlib.ExitStack() as stack:
            try:
                log: IO[Any] | None = stack.enter_context(open_log(child.log)) if child.log else None
                self.popen: subprocess.Popen[bytes] = subprocess.Popen(
                    child.command,
                    cwd=child.cwd,
                    env=os.environ | child.environment,
                    stdin=None if child.reads_terminal else subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,  # the terminal's Ctrl-C reaches the runner alone
                    preexec_fn=tied(child.orphaned, child.nice),
                )
            except OSError as error:
                raise Failure(f"{child.name} cannot be started: {error}") from error
        self.started = self.seen = time.monotonic()
        self.sign = child.sign() if child.sign else None
        self.waiting = False

    @property
    def alive(self) -> bool:
        return self.popen.poll() is None

    def signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            self.popen.send_signal(number)

    def bury(self) -> None:
        """Kill what is left of it, its own children included."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.popen.pid, signal.SIGKILL)
        self.popen.wait()

    def look(self, stood_still: float) -> bool:
        """Whether it hangs. Time in which we stood still ourselves (a machine that sleeps) is held against nobody."""
        if self.sign is None:
            return False
        now = time.monotonic()
        self.seen = now if self.sign.given() else min(now, self.seen + stood_still)
        return now - self.seen > self.child.patience

    def died(self) -> str:
        """Note that it died, set when it is started again, and return how it ended."""
        self.bury()
        self.deaths.append(time.monotonic())
        self.in_a_row = 1 if self.steady else self.in_a_row + 1
        self.postpone()
        self.waiting = True
        return how_it_ended(self.popen.returncode)

    def postpone(self) -> None:
        """Pause before the next start: not at all, then 1 s, 2 s, 4 s …"""
        longest = LONGEST_PAUSE_OF_VITAL_S if self.child.vital else LONGEST_PAUSE_S
        pause = min(longest, 2.0 ** (self.in_a_row - 2)) if self.in_a_row > 1 else 0.0
        self.restart_at = time.monotonic() + pause

    @property
    def steady(self) -> bool:
        """Whether it has lived, not merely hung, for long."""
        return (self.seen if self.sign else time.monotonic()) - self.started >= STEADY_S

    @property
    def failing(self) -> bool:
        return self.in_a_row >= MAX_DEATHS

    @property
    def hopeless(self) -> bool:
        return self.child.vital and len(self.deaths) == MAX_DEATHS and self.deaths[-1] - self.deaths[0] <= WITHIN_S


def how_it_ended(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
