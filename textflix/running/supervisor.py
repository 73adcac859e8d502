"""Keeps child processes alive, stops them in order and leaves none behind. Standard library only.

Why not supervisord or honcho: docs/architecture.md.
"""

from __future__ import annotations

import math
import signal
import sys
import time
from collections.abc import Callable, Iterable
from types import FrameType
from typing import NoReturn

from textflix.running.children import MAX_DEATHS, Child, Failure, Process, how_it_ended
from textflix.running.logs import bound, last_lines


class Stopped(Exception):
    """Somebody asked for an orderly end (Ctrl-C, SIGTERM, a closed terminal)."""


def say(message: str) -> None:
    print(f"textflix: {message}", flush=True)


def complain(message: str) -> None:
    print(f"textflix: {message}", file=sys.stderr, flush=True)


class Supervisor:
    """What starts children, looks after them and stops them: `with Supervisor() as s`.

    They are started in stages; at the end the stages are stopped in reverse order.
    """

    def __init__(self) -> None:
        self.stages: list[list[Process]] = []
        self.asked_to_stop = False
        self.hurry = False
        self.ticked = time.monotonic()

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
        stage: list[Process] = []
        self.stages.append(stage)
        for child in children:
            stage.append(Process(child))

    def call(self, child: Child) -> int:
        """Run one child to its end while the others are looked after; its exit code."""
        process = Process(child)
        process.watched = False
        self.stages.append([process])
        while process.alive:
            self.tick()
            time.sleep(0.05)
        self.stages.pop()
        process.bury()
        return process.popen.returncode

    def wait(self, until: Callable[[], bool], notice: str, at_most: float = math.inf) -> None:
        """Look after the children until a condition holds; says every five seconds that it does not yet."""
        begun = time.monotonic()
        notice_at = begun + 5
        while not until() and time.monotonic() - begun < at_most:
            self.tick()
            if time.monotonic() >= notice_at:
                say(notice)
                notice_at += 5
            time.sleep(0.05)

    def tick(self) -> None:
        """Start children that died or hang again; raises Stopped when asked to, Failure where nothing can be served."""
        if self.asked_to_stop:
            raise Stopped
        stood_still = max(0.0, time.monotonic() - self.ticked - 1)
        self.ticked = time.monotonic()
        for process in [p for stage in self.stages for p in stage if p.watched]:
            if process.waiting:
                self._start_again(process)
            elif not process.alive:
                self._mourn(process, f"ended with {process.died()}")
            elif process.look(stood_still):
                process.died()
                self._mourn(process, f"gave no sign of life for {process.child.patience:.0f} s")
            elif process.failing and process.steady:
                say(f"{process.child.name} runs again.")
                process.in_a_row = 0
            if process.child.log:
                bound(process.child.log)

    def watch(self) -> NoReturn:
        """Look after the children until somebody asks for the end (Stopped) or one cannot be kept alive (Failure)."""
        while True:
            self.tick()
            time.sleep(0.1)

    def _start_again(self, process: Process) -> None:
        if time.monotonic() < process.restart_at:
            return
        try:
            process.launch()
        except Failure as failure:
            if process.child.vital:
                raise
            if not process.failing:
                complain(str(failure))
            process.in_a_row += 1
            process.postpone()

    def _mourn(self, process: Process, what: str) -> None:
        """Say what happened, but not the same every minute."""
        name, lines = process.child.name, last_lines(process.child.log)
        if process.child.once:
            process.watched = False
            if process.popen.returncode:
                complain(f"{name} {what}; it is tried again at the next start.")
        elif process.hopeless:
            how = how_it_ended(process.popen.returncode)
            raise Failure(
                f"{name} ended five times within a minute (last with {how}), so everything was stopped.{lines}"
            )
        elif not process.failing:
            complain(f"{name} {what}; starting it again.")
        elif process.in_a_row == MAX_DEATHS:
            complain(f"{name} {what}, for the fifth time in a row. It is tried again, soon once a minute.{lines}")

    def _stop(self, stage: list[Process]) -> None:
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
