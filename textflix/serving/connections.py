"""A client's connection: what has come of its request, and what it has not taken yet of its answer."""

from __future__ import annotations

import errno
import io
import re
import selectors
import socket
import time
from typing import Any

from gunicorn.workers.gthread import TConn

# What a thread runs ahead of its client; one that streams more waits for it, so long in all.
MOST_AHEAD, WAITING_S = 16_000_000, 30.0
# Django refuses longer forms (DATA_UPLOAD_MAX_MEMORY_SIZE).
LONGEST_HEAD, LONGEST_BODY = 65_536, 1_100_000
END_OF_HEAD = b"\r\n\r\n"
_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*([0-9]{1,4300})[ \t]*\r\n", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding:", re.IGNORECASE)
_EXPECTS = re.compile(rb"\r\nexpect:[ \t]*100-continue[ \t]*(?=\r\n)", re.IGNORECASE)
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class Refused(Exception):
    """A request that is not taken in; its arguments are the answer's status and reason."""


class Socket(socket.socket):
    """A client's socket as gunicorn's threads see it: all that they read is here, and writing never waits.

    One side at a time uses it: the event loop, or the thread that works on the request.
    """

    def __init__(self, accepted: socket.socket) -> None:
        super().__init__(fileno=accepted.detach())
        super().setblocking(False)
        self.request = io.BytesIO()
        self.answer = bytearray()
        self.may_wait = WAITING_S

    def setblocking(self, flag: bool) -> None:
        """Stay as it is: gunicorn's threads would rather wait."""

    def settimeout(self, value: float | None) -> None:
        """Stay as it is."""

    def arrived(self) -> bytes:
        """Return what has come in since; raises BlockingIOError where nothing has."""
        return super().recv(65_536)

    def recv(self, size: int, flags: int = 0) -> bytes:
        return self.request.read(size)

    def sendall(self, data: Any, flags: int = 0) -> None:
        self.answer += data
        self.flush()
        while len(self.answer) > MOST_AHEAD:
            self._wait_for_client()
            self.flush()

    def flush(self) -> None:
        """Send as much of the answer as the client takes now."""
        try:
            while self.answer:
                del self.answer[: self.send(self.answer)]
        except BlockingIOError:
            pass

    def _wait_for_client(self) -> None:
        begun = time.monotonic()
        with selectors.DefaultSelector() as selector:
            selector.register(self, selectors.EVENT_WRITE)
            writable = selector.select(self.may_wait)
        self.may_wait -= time.monotonic() - begun
        if not writable or self.may_wait <= 0:
            self.answer.clear()
            # By the number gunicorn knows a client's fault from its own.
            raise BrokenPipeError(errno.EPIPE, "The client does not take its answer.")


class Connection(TConn):
    """A client, what it has sent so far, and until when it may take its time."""

    def __init__(self, cfg: Any, accepted: socket.socket, client: Any, server: Any) -> None:
        super().__init__(cfg, Socket(accepted), client, server)
        self.data_ready = True
        self.incoming = bytearray()
        self.length: int | None = None
        self.deadline = 0.0

    def take(self) -> None:
        """Take in what has come; raises EOFError where the client has hung up."""
        try:
            data = self.sock.arrived()
        except BlockingIOError:
            return
        if not data:
            raise EOFError
        # An end of head that came in two parts is looked for once more, and no more than that.
        begin = max(0, len(self.incoming) - len(END_OF_HEAD))
        self.incoming += data
        if self.length is None:
            self.measure(begin)

    def measure(self, begin: int = 0) -> None:
        """Find how long the request is, once its head is here; raises Refused."""
        end = self.incoming.find(END_OF_HEAD, begin)
        if end < 0:
            if len(self.incoming) > LONGEST_HEAD:
                raise Refused(431, "Request Header Fields Too Large")
            return
        head = self.incoming[: end + len(END_OF_HEAD)]
        if _CHUNKED.search(head):
            raise Refused(411, "Length Required")
        found = _LENGTH.search(head)
        body = int(found[1]) if found else 0
        if body > LONGEST_BODY:
            raise Refused(413, "Content Too Large")
        self.length = len(head) + body
        if _EXPECTS.search(head) and head.partition(b"\r\n")[0].endswith(b" HTTP/1.1"):
            self.ask_for_body(head)

    def ask_for_body(self, head: bytearray) -> None:
        """Tell a client that waits for it to go on. gunicorn is not told: it would say the same once all is here."""
        assert self.length is not None
        if not self.whole:
            self.sock.sendall(CONTINUE)
        rest = _EXPECTS.sub(b"", head)
        self.incoming[: len(head)] = rest
        self.length -= len(head) - len(rest)

    @property
    def whole(self) -> bool:
        return self.length is not None and len(self.incoming) >= self.length

    def hand_over(self) -> None:
        """Let the threads read this one request."""
        self.sock.request = io.BytesIO(self.incoming[: self.length])
        self.sock.may_wait = WAITING_S
        del self.incoming[: self.length]
        self.length = None

    @property
    def settled(self) -> bool:
        """Whether gunicorn read the request to the end that was found here; else nothing that follows is believed."""
        return not (self.parser and self.parser.unreader.take_buffered()) and not self.sock.request.read(1)
