"""How an open page waits for what is still being read: it asks again, less often after a while, and then no more."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.html import escape

GONE = 286
"""The status on which htmx stops asking; what asked leaves the page."""
PATIENCE = timedelta(minutes=2)
SELDOM = "30s"


def pause(since: datetime, soon: str) -> str:
    """Return how long to wait before asking again for what has been waited for since then."""
    return soon if timezone.now() - since < PATIENCE else SELDOM


def gone() -> HttpResponse:
    return HttpResponse(status=GONE)


def answer_poll(request: HttpRequest, template: str, context: Mapping[str, object]) -> HttpResponse:
    """Answer with the fragment that was asked for, or 204, on which htmx swaps nothing.

    Then no focus is lost and nothing said twice. The address of a question holds all that the page shows: where the
    fragment would ask this very question again, nothing has changed.
    """
    fragment = render(request, template, context)
    same = f'hx-get="{escape(request.get_full_path())}"'
    return HttpResponse(status=204) if same in fragment.content.decode() else fragment
