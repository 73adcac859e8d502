"""What the WSGI server calls: Django, with requests that are read in one charset."""

from django.core.handlers.wsgi import WSGIHandler, WSGIRequest


class Utf8Request(WSGIRequest):
    """A request that is read as UTF-8, whatever charset it names.

    Django would read the address by that charset while it still makes the request, where no middleware can answer for
    what goes wrong. To refuse an odd one is theirs.
    """

    @property
    def encoding(self) -> None:
        return None

    @encoding.setter
    def encoding(self, named: str) -> None:
        pass


class Handler(WSGIHandler):
    request_class = Utf8Request
