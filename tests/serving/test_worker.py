"""A gunicorn with the patient worker and two threads, as clients of all manners meet it."""

import contextlib
import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tests.running.processes import REPOSITORY, free_port, wait_for
from textflix.serving.connections import CONTINUE, LONGEST_BODY, LONGEST_HEAD

COMMAND = [sys.executable, "-m", "gunicorn", "--config=python:textflix.running.gunicorn_settings"]
HOST = b" HTTP/1.1\r\nHost: localhost\r\n"
CONNECTIONS = 20


@contextlib.contextmanager
def serving(log: Path) -> Iterator[int]:
    """A server meanwhile, on the port that is given."""
    port = free_port()
    environment = os.environ | {"PORT": str(port), "WEB_THREADS": "2"}
    command = [*COMMAND, f"--worker-connections={CONNECTIONS}", f"--error-logfile={log}", "tests.serving.app"]
    server = subprocess.Popen(command, cwd=REPOSITORY, env=environment)
    try:
        wait_for(lambda: _answers(port), 20)
        yield port
    finally:
        server.terminate()
        assert server.wait(15) == 0


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("serving") / "log"


@pytest.fixture(scope="module")
def port(log: Path) -> Iterator[int]:
    with serving(log) as port:
        yield port


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


def hears(connection: socket.socket, words: bytes) -> bytes:
    """What the server says up to these words."""
    said = b""
    while words not in said:
        piece = connection.recv(65_536)
        assert piece, said
        said += piece
    return said


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


def test_an_address_may_hold_the_longest_text_to_try(port: int) -> None:
    with client(port) as connection:
        asked = urlencode({"text": "я" * 5_000}).encode()
        connection.sendall(b"GET /try/?" + asked + HOST + b"Connection: close\r\n\r\n")
        assert b"GET /try/ 0 " in everything(connection)


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


def test_a_client_that_waits_to_be_asked_for_its_body_is_asked_once(port: int) -> None:
    with client(port) as connection:
        connection.sendall(b"POST /asked-for" + HOST + b"Expect: 100-Continue\r\nContent-Length: 3\r\n\r\n")
        assert hears(connection, b"\r\n\r\n") == CONTINUE
        connection.sendall(b"abcGET /next" + HOST + b"Connection: close\r\n\r\n")
        said = everything(connection)
    assert said.startswith(b"HTTP/1.1 200 OK")
    assert said.index(b"POST /asked-for 3 abc") < said.index(b"GET /next 0 ")
    assert CONTINUE not in said


@pytest.mark.parametrize("protocol", [b"1.1", b"1.0"])
def test_a_client_that_sends_its_body_or_is_too_old_is_not_asked_for_it(port: int, protocol: bytes) -> None:
    head = b"POST /sent HTTP/" + protocol + b"\r\nHost: localhost\r\nConnection: close\r\n"
    with client(port) as connection:
        connection.sendall(head + b"Expect: 100-continue\r\nContent-Length: 3\r\n\r\n" + b"abc" * (protocol == b"1.1"))
        if protocol == b"1.0":
            time.sleep(0.5)
            connection.sendall(b"abc")
        said = everything(connection)
    assert said.startswith(b"HTTP/" + protocol + b" 200 OK")
    assert b"POST /sent 3 abc" in said


def test_a_body_that_is_too_long_is_not_asked_for(port: int) -> None:
    with client(port) as connection:
        length = b"Content-Length: %d\r\n" % (LONGEST_BODY + 1)
        connection.sendall(b"POST /" + HOST + b"Expect: 100-continue\r\n" + length + b"\r\n")
        assert everything(connection).startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize("answered", [0, 1])
def test_a_request_that_does_not_end_is_told_so(port: int, answered: int) -> None:
    """The second on a connection, too: it has no longer than the first, however long the pause before it may be."""
    with client(port) as connection:
        for _ in range(answered):
            connection.sendall(b"GET /first" + HOST + b"\r\n")
            hears(connection, b"GET /first 0 ")
        begun = time.monotonic()
        for byte in b"GET /slow" + HOST + b"X: " + b"x" * 100:
            try:
                connection.sendall(bytes([byte]))
                time.sleep(0.1)
            except OSError:
                break
        assert time.monotonic() - begun < 5
        assert b"HTTP/1.1 408 Request Timeout" in connection.recv(1000)


def test_a_server_that_ends_waits_for_no_idle_connection(tmp_path: Path) -> None:
    with serving(tmp_path / "log") as port:
        idle = socket.create_connection(("127.0.0.1", port), 10)
        idle.sendall(b"GET /" + HOST + b"\r\n")
        hears(idle, b"GET / 0 ")
        begun = time.monotonic()
    with idle:
        assert time.monotonic() - begun < 5


def test_what_streams_to_a_client_that_takes_nothing_ends_soon(port: int, log: Path) -> None:
    with client(port, buffer=16_384) as connection:
        connection.sendall(b"GET /endless" + HOST + b"\r\n")
        time.sleep(1)
        assert 10 < int(_get(port, "/asked")) < 30
        time.sleep(6)
        assert everything(connection).count(b"z") < 30_000_000
    assert "Traceback" not in log.read_text()


def test_a_long_answer_to_a_client_that_takes_nothing_is_given_up(port: int) -> None:
    with client(port, buffer=16_384) as connection:
        connection.sendall(b"GET /long/12" + HOST + b"\r\n")
        time.sleep(8)
        assert everything(connection).count(b"z") < 12_000_000


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
