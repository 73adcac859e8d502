"""A client's connection by itself: what becomes of an answer that is not taken, and of a request read in part."""

import contextlib
import errno
import socket

import pytest
from gunicorn.config import Config

from textflix.serving.connections import MOST_AHEAD, Connection, Socket

REQUEST = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"


def test_a_client_that_takes_nothing_of_a_stream_costs_no_memory_and_is_no_error() -> None:
    ours, theirs = socket.socketpair()
    with theirs, Socket(ours) as answering:
        answering.may_wait = 0.1
        with pytest.raises(BrokenPipeError) as raised:
            answering.sendall(bytes(2 * MOST_AHEAD))
        assert raised.value.errno == errno.EPIPE
        assert not answering.answer


@pytest.mark.parametrize(("handed_over", "settled"), [(REQUEST, True), (2 * REQUEST, False)])
def test_what_gunicorn_does_not_take_for_the_same_request_ends_the_connection(
    handed_over: bytes, settled: bool
) -> None:
    ours, theirs = socket.socketpair()
    with theirs, contextlib.closing(Connection(Config(), ours, ("127.0.0.1", 1), None)) as connection:
        connection.incoming += handed_over
        connection.length = len(handed_over)
        connection.hand_over()
        connection.init()
        next(connection.parser)
        assert connection.settled == settled
