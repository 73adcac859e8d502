from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_cache_control

View = Callable[[HttpRequest], HttpResponse]


def private_pages_are_not_stored(get_response: View) -> View:
    """A page for a signed-in member, or with a form's token in it, is nobody else's: no cache may keep it."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if settings.SESSION_COOKIE_NAME in request.COOKIES or request.META.get("CSRF_COOKIE_NEEDS_UPDATE"):
            patch_cache_control(response, private=True, no_store=True)
        return response

    return middleware


def cross_origin_resource_policy(get_response: View) -> View:
    """No other site may embed what this one serves."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        return response

    return middleware
