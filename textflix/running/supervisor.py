"""Keeps child processes alive, stops them in order and leaves none behind. Standard library only.

Why not supervisor or honcho: supervisord never ends by itself and then exits 0, so "five deaths end everything, with
an error" would need an event listener and a wrapper around it, and its children outlive it when it is killed. honcho
ends all when one ends.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import IO, Any, NoReturn

MAX_DEATHS, WITHIN_S = 5, 60.0
STEADY_S = 5.0
RETRY_S = 1.0
LOG_LIMIT = 10_000_000
PR_SET_PDEATHSIG = 1

_libc = ctypes.CDLL(None)


class Failure(Exception):
    """An error that ends everything; its message is the one sentence that the operator reads."""


class Stopped(Exception):
    """Somebody asked for an orderly end (Ctrl-C, SIGTERM, a closed terminal)."""


def say(message: str) -> None:
    print(f"textflix: {message}", flush=True)


def complain(message: str) -> None:
    print(f"textflix: {message}", file=sys.stderr, flush=True)


@dataclass(frozen=True)
class Child:
    """A process to keep running: its command, and how it is started and stopped.

    `stop` asks it to end, with `grace` seconds to do so; `orphaned` is what the kernel sends it when the runner itself
    is killed. `clean` runs before every start and after the last end, for what a killed predecessor left. A `once`
    child may end: it is not started again.
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


class _Process:
    """The running process of a child, which is started anew when it dies."""

    def __init__(self, child: Child) -> None:
        self.child = child
        self.deaths: deque[float] = deque(maxlen=MAX_DEATHS)
        self.restart_at = 0.0
        self.watched = True
        self.launch()

    def launch(self) -> None:
        child = self.child
        child.clean()
        with contextlib.ExitStack() as stack:
            try:
                log: IO[Any] | None = stack.enter_context(_open_log(child.log)) if child.log else None
                self.popen: subprocess.Popen[bytes] = subprocess.Popen(
                    child.command,
                    cwd=child.cwd,
                    stdin=None if child.reads_terminal else subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,  # the terminal's Ctrl-C reaches the runner alone
                    preexec_fn=tied(child.orphaned, child.nice),
                )
            except OSError as error:
                raise Failure(f"{child.name} cannot be started: {error}") from error
        self.started = time.monotonic()
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

    def died(self) -> str:
        """Note that it died, set when it is started again, and return how it ended."""
        now = time.monotonic()
        self.bury()
        self.deaths.append(now)
        self.restart_at = now if now - self.started >= STEADY_S else now + RETRY_S
        self.waiting = True
        return how_it_ended(self.popen.returncode)

    @property
    def hopeless(self) -> bool:
        return len(self.deaths) == MAX_DEATHS and self.deaths[-1] - self.deaths[0] <= WITHIN_S


class Supervisor:
    """What starts children, looks after them and stops them: `with Supervisor() as s`.

    They are started in stages; at the end the stages are stopped in reverse order.
    """

    def __init__(self) -> None:
        self.stages: list[list[_Process]] = []
        self.asked_to_stop = False
        self.hurry = False

    def __enter__(self) -> Supervisor:
        signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        self._handlers = {number: signal.signal(number, self._on_signal) for number in signals}
        return self

    def __exit__(self, *_: object) -> None:
        for stage in reversed(self.stages):
            self._stop(stage)
        for number, handler in self._handlers.items():
            signal.signal(number, handler)

    def _on_signal(self, number: int, _: FrameType | None) -> None:
        # make passes a SIGTERM on that its group got already: only a second Ctrl-C means "at once"
        self.hurry = self.hurry or (self.asked_to_stop and number == signal.SIGINT)
        self.asked_to_stop = True

    def start(self, children: Iterable[Child]) -> None:
        stage: list[_Process] = []
        self.stages.append(stage)
        for child in children:
            stage.append(_Process(child))

    def call(self, child: Child) -> int:
        """Run one child to its end while the others are looked after; its exit code."""
        process = _Process(child)
        process.watched = False
        self.stages.append([process])
        while process.alive:
            self.tick()
            time.sleep(0.05)
        self.stages.pop()
        process.bury()
        return process.popen.returncode

    def wait(self, until: Callable[[], bool], notice: str) -> None:
        """Look after the children until a condition holds, however long it takes; says so every five seconds."""
        notice_at = time.monotonic() + 5
        while not until():
            self.tick()
            if time.monotonic() >= notice_at:
                say(notice)
                notice_at += 5
            time.sleep(0.05)

    def tick(self) -> None:
        """Start children that died again; raises Stopped when asked to, Failure when a child cannot be kept alive."""
        if self.asked_to_stop:
            raise Stopped
        for process in [p for stage in self.stages for p in stage if p.watched]:
            if not process.waiting and not process.alive:
                self._mourn(process)
            elif process.waiting and time.monotonic() >= process.restart_at:
                process.launch()

    def watch(self) -> NoReturn:
        """Look after the children until somebody asks for the end (Stopped) or one cannot be kept alive (Failure)."""
        while True:
            self.tick()
            time.sleep(0.1)

    def _mourn(self, process: _Process) -> None:
        name, how = process.child.name, process.died()
        if process.child.once:
            process.watched = False
            if process.popen.returncode:
                complain(f"{name} ended with {how}; it is tried again at the next start.")
        elif process.hopeless:
            lines = _last_lines(process.child.log)
            raise Failure(
                f"{name} ended five times within a minute (last with {how}), so everything was stopped.{lines}"
            )
        else:
            complain(f"{name} ended with {how}; starting it again.")

    def _stop(self, stage: list[_Process]) -> None:
        living = [process for process in reversed(stage) if process.alive]
        for process in living:
            process.signal(process.child.stop)
        deadline = time.monotonic() + max((p.child.grace for p in living), default=0)
        while any(p.alive for p in living) and time.monotonic() < deadline and not self.hurry:
            time.sleep(0.05)
        for process in stage:
            if not process.waiting:  # a pid buried long ago may be another's by now
                process.bury()
            process.child.clean()


def _open_log(path: Path) -> IO[bytes]:
    with contextlib.suppress(FileNotFoundError):
        if path.stat().st_size > LOG_LIMIT:
            path.replace(path.with_suffix(".log.1"))
    return path.open("ab")


def _last_lines(log: Path | None) -> str:
    if log is None or not log.exists():
        return ""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 4000))
        lines = file.read().decode(errors="replace").splitlines()[-10:]
    return "\n".join([f" Its last lines, from {log}:", *lines])


def how_it_ended(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
