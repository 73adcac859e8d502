"""A small application, to see what reaches one behind the patient worker."""

from collections.abc import Iterable
from typing import Any

from textflix.serving import worker

worker.TAKING_S = 2.0
worker.LEAVING_S = 1.0


def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    path = environ["PATH_INFO"]
    body = environ["wsgi.input"].read()
    start_response("200 OK", [("Content-Type", "text/plain"), ("X-Script-Name", environ["SCRIPT_NAME"])])
    if path.startswith("/long/"):
        return (b"z" * 1_000_000 for _ in range(int(path.removeprefix("/long/"))))
    return [f"{environ['REQUEST_METHOD']} {path} {len(body)} ".encode() + body]
