"""A small application, to see what reaches one behind the patient worker, and how patient that is."""

import itertools
from collections.abc import Iterable, Iterator
from typing import Any

from textflix.serving import connections, worker

worker.TAKING_S = 2.0
worker.LEAVING_S = 1.0
worker.GIVING_S = 3.0
worker.SLOWEST_BYTES_PER_S = 10_000_000
connections.WAITING_S = 4.0
PIECE = b"z" * 1_000_000
endless = itertools.count()


def pieces() -> Iterator[bytes]:
    """An answer without end, which counts how much of it was asked for."""
    for _ in endless:
        yield PIECE


def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    path = environ["PATH_INFO"]
    body = environ["wsgi.input"].read()
    start_response("200 OK", [("Content-Type", "text/plain"), ("X-Script-Name", environ["SCRIPT_NAME"])])
    if path.startswith("/long/"):
        return (PIECE for _ in range(int(path.removeprefix("/long/"))))
    if path == "/endless":
        return pieces()
    if path == "/asked":
        return [str(next(endless)).encode()]
    return [f"{environ['REQUEST_METHOD']} {path} {len(body)} ".encode() + body]
