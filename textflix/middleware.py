from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import BadRequest, TooManyFieldsSent
from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils.cache import patch_cache_control

View = Callable[[HttpRequest], HttpResponse]
READABLE_CHARSETS = ("utf-8", "utf8", "us-ascii")
RETRY_SECONDS = 10
"""About as long as a process that stands still can hold what others wait for."""
ROOM_FOR_FRAMES = 16_384
"""In pointers, 128 KB: the frame gets a chunk of 256 KB to itself, and half of that is left for what it calls."""


def room_for_frames(get_response: View) -> View:
    """Let the frames of all that a request calls lie in one stretch of memory.

    CPython keeps frames in chunks of 16 KB, and where a loop's calls cross the end of one, each of them maps and unmaps
    memory (python/cpython#142183; 3.11 and 3.12 stay as they are). By how deep a server happened to call it, the same
    page took up to twice as long. Only the address space is large: memory that no frame touches is never there.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        return get_response(request)

    middleware.__code__ = middleware.__code__.replace(co_stacksize=ROOM_FOR_FRAMES)
    return middleware


def unreadable_requests_are_refused(get_response: View) -> View:
    """Answer 400 to a request whose parameters cannot be read.

    A view would fail on them wherever it first looks, and so would the page that says what is wrong.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        try:
            if (charset := (request.content_params or {}).get("charset", "utf-8").lower()) not in READABLE_CHARSETS:
                raise BadRequest(f"This site reads UTF-8, not {charset!r}.")
            request.GET  # noqa: B018  it is read here for the first time
        except (BadRequest, TooManyFieldsSent):
            request.GET = QueryDict()
            raise
        return get_response(request)

    return middleware


def private_pages_are_not_stored(get_response: View) -> View:
    """Forbid caches to keep a page for a signed-in member, or with a form's token in it: it is nobody else's."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if settings.SESSION_COOKIE_NAME in request.COOKIES or request.META.get("CSRF_COOKIE_NEEDS_UPDATE"):
            patch_cache_control(response, private=True, no_store=True)
        return response

    return middleware


def unavailable_for_a_moment(get_response: View) -> View:
    """Tell programs when to come back, whatever page answers that it cannot serve now."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if response.status_code == 503:
            response.headers.setdefault("Retry-After", str(RETRY_SECONDS))
        return response

    return middleware


def cross_origin_resource_policy(get_response: View) -> View:
    """Forbid other sites to embed what this one serves."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        return response

    return middleware
