"""gunicorn's threaded worker, made patient: a thread works on a request only once all of it is here.

gunicorn's own reads requests and writes answers in its threads, so that as many slow clients as there are threads stop
the site. Here the worker's event loop takes requests in and hands answers out, and a client that takes too long is let
go. Plain HTTP/1 alone: TLS and HTTP/2 are a proxy's work.
"""

from __future__ import annotations

import selectors
import socket
import time
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import Any

from gunicorn import util
from gunicorn.workers.gthread import ThreadWorker

from textflix.serving.connections import Connection, Refused, Socket

# The longest that a client may take to send a request, and, beside its size, to take an answer.
TAKING_S, GIVING_S, SLOWEST_BYTES_PER_S = 30.0, 60.0, 10_000
# For a client that was told goodbye to hang up, and for those that wait while the worker itself stops.
LEAVING_S = 2.0


class PatientWorker(ThreadWorker):
    """The threaded worker, whose connections wait in the event loop: for a request, for an answer to go, to hang up.

    Where there are as many as it may have, the one that has waited longest makes room.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.waiting: dict[Connection, None] = {}
        self.next_sweep = 0.0

    def accept(self, listener: socket.socket) -> None:
        try:
            accepted, client = listener.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return
        self.nr_conns += 1
        if self.nr_conns >= self.worker_connections and self.waiting:
            self.drop(next(iter(self.waiting)))
        connection = Connection(self.cfg, accepted, client, listener.getsockname())
        self.wait(connection, selectors.EVENT_READ, self.on_request, TAKING_S)
        self.on_request(connection, connection.sock)

    def wait(self, connection: Connection, event: int, then: Callable[..., None], seconds: float) -> None:
        connection.deadline = time.monotonic() + seconds
        self.waiting[connection] = None
        self.poller.register(connection.sock, event, partial(self.called, then, connection))

    def called(self, then: Callable[..., None], connection: Connection, sock: Socket) -> None:
        # One that made room in the same round of events is gone already.
        if connection in self.waiting:
            then(connection, sock)

    def on_request(self, connection: Connection, _: Socket) -> None:
        """Take in what a client sent, and give a whole request to the threads."""
        try:
            if connection.initialized and not connection.incoming:
                connection.deadline = time.monotonic() + TAKING_S
            connection.take()
            if connection.whole:
                self.forget(connection)
                self.work(connection)
        except Refused as refusal:
            self.refuse(connection, *refusal.args)
        except (EOFError, OSError):
            self.drop(connection)

    def work(self, connection: Connection) -> None:
        connection.hand_over()
        self.enqueue_req(connection)

    def finish_request(self, conn: Connection, fs: Future[Any]) -> None:
        """Go on, in the event loop, where a thread has ended its work."""
        stays = not fs.cancelled() and not fs.exception() and fs.result() and conn.settled
        self.give(conn, self.stay if stays else self.leave)

    def give(self, connection: Connection, then: Callable[[Connection], None]) -> None:
        """Hand out what is left of the answer, then go on."""
        try:
            connection.sock.flush()
            if connection.sock.answer:
                seconds = GIVING_S + len(connection.sock.answer) / SLOWEST_BYTES_PER_S
                self.wait(connection, selectors.EVENT_WRITE, partial(self.on_room, then), seconds)
            else:
                then(connection)
        except OSError:
            self.drop(connection)

    def on_room(self, then: Callable[[Connection], None], connection: Connection, sock: Socket) -> None:
        try:
            sock.flush()
            if not sock.answer:
                self.forget(connection)
                then(connection)
        except OSError:
            self.drop(connection)

    def stay(self, connection: Connection) -> None:
        """Wait for the next request, which may be here already."""
        try:
            connection.measure()
        except Refused as refusal:
            self.refuse(connection, *refusal.args)
        else:
            if connection.whole:
                self.work(connection)
            else:
                self.wait(connection, selectors.EVENT_READ, self.on_request, self.cfg.keepalive)

    def refuse(self, connection: Connection, status: int, reason: str) -> None:
        self.forget(connection)
        try:
            util.write_error(connection.sock, status, reason, "")
        except OSError:
            self.drop(connection)
        else:
            self.give(connection, self.leave)

    def leave(self, connection: Connection) -> None:
        """Say goodbye and let the client hang up, so that the end of its answer is not cut off."""
        connection.incoming.clear()
        connection.sock.shutdown(socket.SHUT_WR)
        self.wait(connection, selectors.EVENT_READ, self.on_leaving, LEAVING_S)

    def on_leaving(self, connection: Connection, sock: Socket) -> None:
        try:
            if not sock.arrived():
                self.drop(connection)
        except BlockingIOError:
            pass
        except OSError:
            self.drop(connection)

    def forget(self, connection: Connection) -> None:
        if connection in self.waiting:
            del self.waiting[connection]
            self.poller.unregister(connection.sock)

    def drop(self, connection: Connection) -> None:
        self.forget(connection)
        self.nr_conns -= 1
        connection.close()

    def murder_pending(self) -> None:
        """Let go, once a second, of who took too long; when the worker itself stops, of who waits."""
        now = time.monotonic()
        if now < self.next_sweep:
            return
        self.next_sweep = now + 1
        for connection in list(self.waiting):
            if not self.alive:
                connection.deadline = min(connection.deadline, now + LEAVING_S)
            if connection.deadline <= now:
                self.expire(connection)

    def expire(self, connection: Connection) -> None:
        if connection.incoming and not connection.sock.answer:
            self.refuse(connection, 408, "Request Timeout")
        else:
            self.drop(connection)
