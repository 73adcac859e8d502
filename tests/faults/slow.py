"""Slow clients, many at once: they send or take a byte a second, or nothing, and come back when they are let go."""

import contextlib
import select
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

HEAD = "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUser-Agent: slow\r\n"
FONT = "/static/fonts/newsreader-latin-wght-italic.woff2"


@dataclass(frozen=True)
class Kind:
    """What such a client says at once, what it goes on with byte by byte, and whether it reads what it is told.

    One that is `refused` is so at once; all others are waited for.
    """

    opening: str
    then: bytes = b""
    reads: bool = False
    refused: bool = False


KINDS = {
    "saying nothing": Kind(""),
    "dripping a head": Kind(HEAD.format(method="GET", path="/", port="{port}"), then=b"x"),
    "dripping a body": Kind(
        HEAD.format(method="POST", path="/accounts/login/", port="{port}")
        + "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 5000\r\n\r\n",
        then=b"x",
    ),
    "dripping a body in chunks": Kind(
        HEAD.format(method="POST", path="/accounts/login/", port="{port}") + "Transfer-Encoding: chunked\r\n\r\n4\r\n",
        then=b"x",
        refused=True,
    ),
    # Enough of it that the kernel's buffers do not hold it all.
    "taking answers slowly": Kind(40 * (HEAD.format(method="GET", path=FONT, port="{port}") + "\r\n")),
    "idle between two pages": Kind(HEAD.format(method="GET", path="/healthz", port="{port}") + "\r\n", reads=True),
    "not hanging up": Kind(
        HEAD.format(method="GET", path="/healthz", port="{port}") + "Connection: close\r\n\r\n", reads=True
    ),
}


@dataclass
class Crowd:
    """So many clients of one kind, driven by one thread."""

    port: int
    kind: Kind
    size: int
    came: int = 0
    let_go: int = 0
    sockets: list[socket.socket] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    @property
    def present(self) -> int:
        """How many are connected now."""
        return sum(self._is_connected(client) for client in list(self.sockets))

    @staticmethod
    def _is_connected(client: socket.socket) -> bool:
        with contextlib.suppress(OSError):
            return bool(client.getpeername())
        return False

    def drive(self) -> None:
        self.sockets = [self._come() for _ in range(self.size)]
        while not self.over.wait(1):
            self.sockets = [self._again(client) for client in self.sockets]
        for client in self.sockets:
            client.close()

    def _come(self) -> socket.socket:
        client = socket.socket()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        client.settimeout(5)
        with contextlib.suppress(OSError):
            client.connect(("127.0.0.1", self.port))
            self.came += 1
            client.sendall(self.kind.opening.replace("{port}", str(self.port)).encode())
        client.setblocking(False)
        return client

    def _again(self, client: socket.socket) -> socket.socket:
        try:
            if self.kind.then:
                client.send(self.kind.then)
            if select.select([client], [], [], 0)[0] and not client.recv(4096 if self.kind.reads else 1):
                if "Connection: close" in self.kind.opening:  # it was told goodbye, and stays
                    return client
                raise ConnectionResetError
        except BlockingIOError:
            pass
        except OSError:
            self.let_go += 1
            client.close()
            return self._come()
        return client


@contextlib.contextmanager
def crowd(port: int, kind: str, size: int) -> Iterator[Crowd]:
    """Meanwhile so many of that kind are there."""
    slow = Crowd(port, KINDS[kind], size)
    thread = threading.Thread(target=slow.drive)
    thread.start()
    try:
        time.sleep(2)
        yield slow
    finally:
        slow.over.set()
        thread.join()
