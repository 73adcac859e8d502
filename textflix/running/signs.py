"""Signs of life, by which a child that hangs is told from one that works. Standard library only.

Nothing here waits: the supervisor looks at all of them many times a second, and has other things to do.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import time
from pathlib import Path
from typing import Protocol

ASK_EVERY_S = 2.0
# What opens any conversation with PostgreSQL; the postmaster's new process answers, during a recovery as well.
SSL_REQUEST = struct.pack("!II", 8, 80877103)
PING = b"PING\r\n"
HEALTHZ = b"GET /healthz HTTP/1.0\r\nHost: localhost\r\n\r\n"


class Sign(Protocol):
    """What a living child gives from time to time."""

    def given(self) -> bool:
        """Whether a sign has been given since this was last asked."""


class Answer:
    """A question to a child's socket: whatever is answered is a sign of life, however late it comes."""

    def __init__(self, address: str | tuple[str, int], question: bytes, every: float = ASK_EVERY_S) -> None:
        self.address, self.question, self.every = address, question, every
        self.asked: socket.socket | None = None
        self.ask_at = time.monotonic()

    def given(self) -> bool:
        if self.asked is None:
            if time.monotonic() >= self.ask_at:
                self._ask()
            return False
        try:
            answer = self.asked.recv(64)
        except BlockingIOError:
            return False
        except OSError:
            answer = b""
        self._close()
        return bool(answer)

    def _ask(self) -> None:
        self.ask_at = time.monotonic() + self.every
        self.asked = socket.socket(socket.AF_UNIX if isinstance(self.address, str) else socket.AF_INET)
        # Connecting to this machine takes no time, or fails; it waits only where nobody takes connections any more.
        self.asked.settimeout(0.1)
        try:
            self.asked.connect(self.address)
            self.asked.sendall(self.question)
            self.asked.setblocking(False)
        except OSError:
            self._close()

    def _close(self) -> None:
        if self.asked:
            self.asked.close()
        self.asked = None

    def __del__(self) -> None:
        with contextlib.suppress(AttributeError):
            self._close()


class Renewed:
    """A file that the child renews."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.last = self._time()

    def given(self) -> bool:
        before, self.last = self.last, self._time()
        return self.last != before

    def _time(self) -> int:
        with contextlib.suppress(OSError):
            return self.path.stat().st_mtime_ns
        return 0
