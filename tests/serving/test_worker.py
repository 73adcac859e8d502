"""A gunicorn with the patient worker and two threads, as clients of all manners meet it."""

import contextlib
import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from tests.running.processes import REPOSITORY, free_port, wait_for
from textflix.serving.connections import LONGEST_BODY, LONGEST_HEAD

COMMAND = [sys.executable, "-m", "gunicorn", "--config=python:textflix.running.gunicorn_settings"]
HOST = b" HTTP/1.1\r\nHost: localhost\r\n"
CONNECTIONS = 20


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    port = free_port()
    environment = os.environ | {"PORT": str(port), "WEB_THREADS": "2"}
    limit = f"--worker-connections={CONNECTIONS}"
    server = subprocess.Popen([*COMMAND, limit, "tests.serving.app"], cwd=REPOSITORY, env=environment)
    try:
        wait_for(lambda: _answers(port), 20)
        yield port
    finally:
        server.terminate()
        assert server.wait(15) == 0


def _answers(port: int) -> bool:
    with contextlib.suppress(OSError):
        return _get(port, "/") == b"GET / 0 "
    return False


def _get(port: int, path: str) -> bytes:
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
        connection.request("GET", path)
        return connection.getresponse().read()


@contextlib.contextmanager
def client(port: int, *, buffer: int | None = None) -> Iterator[socket.socket]:
    with socket.socket() as connection:
        if buffer:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        connection.settimeout(10)
        connection.connect(("127.0.0.1", port))
        yield connection


def everything(connection: socket.socket) -> bytes:
    """What the server says until it hangs up."""
    return b"".join(iter(lambda: connection.recv(65_536), b""))


def test_requests_arrive_as_they_were_sent_one_after_the_other_on_one_connection(port: int) -> None:
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
        for size in (0, 1, 70_000, LONGEST_BODY, 5):
            body = os.urandom(size)
            connection.request("POST", "/echo", body)
            assert connection.getresponse().read() == f"POST /echo {size} ".encode() + body


def test_requests_sent_in_one_go_are_answered_in_order(port: int) -> None:
    with client(port) as connection:
        requests = [b"POST /%d" % n + HOST + b"Content-Length: 3\r\n\r\nabc" for n in range(5)]
        connection.sendall(b"".join(requests) + b"GET /last" + HOST + b"Connection: close\r\n\r\n")
        said = everything(connection)
    found = [said.index(b"POST /%d 3 abc" % n) if n < 5 else said.index(b"GET /last 0 ") for n in range(6)]
    assert found == sorted(found)


def test_a_request_in_many_small_parts_is_one_request(port: int) -> None:
    with client(port) as connection:
        for byte in b"POST /drip" + HOST + b"Content-Length: 4\r\nConnection: close\r\n\r\nabcd":
            connection.sendall(bytes([byte]))
            time.sleep(0.005)
        assert b"POST /drip 4 abcd" in everything(connection)


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"GET /" + HOST + b"X: " + b"x" * LONGEST_HEAD, 431),
        (b"POST /" + HOST + b"Content-Length: %d\r\n\r\n" % (LONGEST_BODY + 1), 413),
        (b"POST /" + HOST + b"Content-Length: " + b"9" * 4000 + b"\r\n\r\n", 413),
        (b"POST /" + HOST + b"Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n", 411),
        (b"POST /" + HOST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nabGET /smuggled" + HOST + b"\r\n", 400),
        (b"POST /" + HOST + b"Content-Length : 2\r\n\r\nabGET /smuggled" + HOST + b"\r\n", 400),
        (b"nonsense\r\n\r\n", 400),
    ],
)
def test_what_cannot_be_taken_in_is_refused_and_the_connection_ends(port: int, request_: bytes, status: int) -> None:
    with client(port) as connection:
        connection.sendall(request_)
        said = everything(connection)
    assert said.startswith(b"HTTP/1.1 %d " % status)
    assert said.count(b"HTTP/1.1") == 1


def test_a_request_that_does_not_end_is_told_so(port: int) -> None:
    with client(port) as connection:
        begun = time.monotonic()
        for byte in b"GET /slow" + HOST + b"X: " + b"x" * 100:
            try:
                connection.sendall(bytes([byte]))
                time.sleep(0.1)
            except OSError:
                break
        assert time.monotonic() - begun < 5
        assert b"HTTP/1.1 408 Request Timeout" in connection.recv(1000)


def test_a_client_that_says_nothing_is_let_go(port: int) -> None:
    with client(port) as connection:
        assert connection.recv(1) == b""


def test_a_client_that_does_not_hang_up_is_let_go(port: int) -> None:
    with client(port) as connection:
        connection.sendall(b"GET /" + HOST + b"Connection: close\r\n\r\n")
        assert everything(connection)
        wait_for(lambda: _is_reset(connection), 5)


def _is_reset(connection: socket.socket) -> bool:
    try:
        connection.sendall(b"x")
    except OSError:
        return True
    return False


def test_slow_readers_of_long_answers_hold_no_thread_and_get_all_of_them(port: int) -> None:
    with contextlib.ExitStack() as stack:
        slow = [stack.enter_context(client(port, buffer=16_384)) for _ in range(5)]
        for connection in slow:
            connection.sendall(b"GET /long/4" + HOST + b"Connection: close\r\n\r\n")
        assert _get(port, "/meanwhile") == b"GET /meanwhile 0 "
        said = everything(slow[0])
    assert said.count(b"z") == 4_000_000


def test_what_streams_without_end_goes_no_further_ahead_than_its_client_follows(port: int) -> None:
    with client(port) as connection:
        connection.sendall(b"GET /long/40" + HOST + b"Connection: close\r\n\r\n")
        time.sleep(1)
        assert everything(connection).count(b"z") == 40_000_000


def test_where_all_connections_are_taken_the_one_that_waited_longest_makes_room(port: int) -> None:
    with contextlib.ExitStack() as stack:
        waiting = [stack.enter_context(client(port)) for _ in range(CONNECTIONS * 2)]
        assert _get(port, "/room") == b"GET /room 0 "
        waiting[-1].sendall(b"GET /" + HOST + b"\r\n")
        assert waiting[-1].recv(12) == b"HTTP/1.1 200"
        waiting[0].settimeout(0.5)
        assert waiting[0].recv(1) == b""


def test_a_header_does_not_say_where_the_site_lies(port: int) -> None:
    with client(port) as connection:
        connection.sendall(b"GET /a/b" + HOST + b"SCRIPT_NAME: /a\r\nScript-Name: /a\r\nConnection: close\r\n\r\n")
        said = everything(connection)
    assert b"GET /a/b 0 " in said
    assert b"X-Script-Name: \r\n" in said
