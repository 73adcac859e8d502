"""Pages kept for visitors: made once for each state of what they show, and shown in no other.

What is kept belongs to nobody. Who has a session gets a page of their own; what a page's reader can choose without one
is part of what it is kept by; and a page with a form's token in it is never kept.
"""

import gzip
import hashlib
import re
from collections.abc import Callable
from concurrent.futures import Future
from datetime import date
from functools import wraps
from threading import Lock
from typing import Any, Final, NamedTuple

from django.conf import settings
from django.core.cache import caches
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.cache import get_conditional_response, patch_vary_headers

View = Callable[..., HttpResponse]
LARGEST: Final = 100_000
"""In bytes, compressed: larger pages are made each time. Of the 1,000 that the cache holds, all take 100 MB at most in
each process, whatever people ask for."""
ASKS_AGAIN: Final = b'hx-trigger="every '
SOON: Final = 60
"""A page that asks for news does so less often the longer it has been open, so nobody opens one that is older, in
seconds."""
_GZIP = re.compile(r"\bgzip\b")

State = tuple[int, date]
"""What a page was made of: the revision of what it shows, and the day."""


class Page(NamedTuple):
    """A page as it is kept, compressed."""

    state: State
    headers: dict[str, str]
    content: bytes


_lock = Lock()
_under_way: dict[tuple[str, State], Future[Page | None]] = {}


def is_plain(request: HttpRequest) -> bool:
    """Return whether the reader has hidden what the critic makes of reviews."""
    return request.COOKIES.get(settings.ANALYSIS_COOKIE_NAME) == "off"


def kept(revision: Callable[..., int | None]) -> Callable[[View], View]:
    """Keep a view's pages for visitors for as long as the revision of what they show stays the same.

    `revision` is asked as the view would be, before the page is made; where it is None nothing is kept.
    However many ask for a page at the same time, it is made once.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def kept_view(request: HttpRequest, **arguments: Any) -> HttpResponse:
            now = revision(request, **arguments) if _is_anybodys(request) else None
            if now is None:
                return view(request, **arguments)
            state = (now, timezone.now().date())
            return _answer_with(_key(request), state, request, lambda: view(request, **arguments))

        return kept_view

    return decorate


def _answer_with(key: str, state: State, request: HttpRequest, make: Callable[[], HttpResponse]) -> HttpResponse:
    """Answer with the page as it is kept, as somebody else is making it, or as it is made now."""
    page, making, mine = _kept(key, state), None, Future[Page | None]()
    if page is None:
        with _lock:
            page, making = _kept(key, state), _under_way.get((key, state))
            if page is None and making is None:
                _under_way[key, state] = mine
    if making:
        page = making.result()
    if page:
        return _answer(request, page)
    if making:
        return make()
    try:
        response = make()
        page = _page(request, response, state)
        if page:
            caches["visitors"].set(key, page, SOON if ASKS_AGAIN in response.content else None)
    finally:
        with _lock:
            del _under_way[key, state]
        mine.set_result(page)
    return _answer(request, page) if page else response


def _kept(key: str, state: State) -> Page | None:
    page: Page | None = caches["visitors"].get(key)
    return page if page is not None and page.state == state else None


def _is_anybodys(request: HttpRequest) -> bool:
    return settings.SESSION_COOKIE_NAME not in request.COOKIES


def _key(request: HttpRequest) -> str:
    chosen = (is_plain(request), request.headers.get("HX-Request") == "true")
    asked = (request.scheme, request.get_host(), request.path, request.META.get("QUERY_STRING", ""), *chosen)
    return hashlib.sha256(repr(asked).encode()).hexdigest()


def _page(request: HttpRequest, response: HttpResponse, state: State) -> Page | None:
    """Return what is kept of an answer; None where it is no page, or one for this visitor alone."""
    for_one = response.cookies or request.META.get("CSRF_COOKIE_NEEDS_UPDATE")
    if response.status_code != 200 or response.streaming or for_one:
        return None
    content = gzip.compress(response.content, mtime=0)
    if len(content) > LARGEST:
        return None
    tag = f'W/"{hashlib.sha256(response.content).hexdigest()[:32]}"'
    return Page(state, {**response.headers, "ETag": tag, "Cache-Control": "no-cache"}, content)


def _answer(request: HttpRequest, page: Page) -> HttpResponse:
    squeezed = _GZIP.search(request.headers.get("Accept-Encoding", ""))
    content = page.content if squeezed else gzip.decompress(page.content)
    response = HttpResponse(content, headers=page.headers | ({"Content-Encoding": "gzip"} if squeezed else {}))
    patch_vary_headers(response, ("Accept-Encoding", "Cookie", "HX-Request"))
    # By its tag alone: the date of a feed's newest entry says nothing of one that was hidden, or of a film's new name.
    return get_conditional_response(request, page.headers["ETag"], None, response) or response
