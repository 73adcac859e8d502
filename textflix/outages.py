"""What a page answers where the database does not serve it: to come back later, with all that was written."""

import logging
import sys
from typing import Final

from django.db import InterfaceError, InternalError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.defaults import server_error

logger = logging.getLogger(__name__)

OUTAGES: Final = (OperationalError, InterfaceError, InternalError)
"""What the database raises where it is away, full or slow, or where somebody else holds a row for too long.

Nothing of it is the request's fault, and all of it passes. Wrong SQL and wrong data are not among them.
"""
TRY_AGAIN: Final = "This could not be saved just now. It is all still here: wait a few seconds and send it again."
WRITTEN: Final = ("text", "reason")
"""What the fields are called that people write in."""


def note(error: BaseException) -> None:
    """Say in the log what kept a form from being saved, in one line."""
    logger.warning("not saved: %s", str(error).strip().partition("\n")[0])


def failed(request: HttpRequest) -> HttpResponse:
    """Answer a request that failed: 503 where the database did, else 500."""
    return unavailable(request) if isinstance(sys.exception(), OUTAGES) else server_error(request)


def unavailable(request: HttpRequest) -> HttpResponse:
    """Answer 503 with a page that needs no database, and holds what was written as a form that can be sent again."""
    written = {name: request.POST[name] for name in WRITTEN if name in request.POST}
    asked = {"csrfmiddlewaretoken", *written}
    rest = [(name, value) for name, values in request.POST.lists() if name not in asked for value in values]
    return render(request, "503.html", {"written": written, "rest": rest if written else []}, status=503)
