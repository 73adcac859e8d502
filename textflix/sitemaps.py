"""What search engines are told of: an index of files, each written row by row.

Django's own sitemaps count all rows and skip over those of the files before, and keep a file's rows in lists.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import reverse
from django.utils.html import escape
from django.views.decorators.http import require_safe

PER_FILE = 50_000
"""The protocol allows no more addresses a file."""
CHUNK = 1_000
HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
NAMESPACE = "http://www.sitemaps.org/schemas/sitemap/0.9"
NOT_SHOWN = {"X-Robots-Tag": "noindex"}


@dataclass(frozen=True)
class Section:
    """Rows with pages of their own, and when each of those was last changed, where that is known.

    Its file n holds the rows with ids from n × 50,000 to the next: nothing is counted, and a row stays in its file.
    """

    name: str
    rows: Callable[[], QuerySet[Any]]
    lastmod: Callable[[Any], datetime | None] = lambda row: None

    def files(self) -> Iterator[int]:
        """Yield the numbers of the files that hold something, at the cost of one look into an index each."""
        ids, number = self.rows().order_by("pk").values_list("pk", flat=True), -1
        while (first := ids.filter(pk__gte=(number + 1) * PER_FILE).first()) is not None:
            number = first // PER_FILE
            yield number

    def file(self, number: int) -> QuerySet[Any]:
        start = number * PER_FILE
        return self.rows().filter(pk__gte=start, pk__lt=start + PER_FILE).order_by("pk")


@require_safe
def index(request: HttpRequest, sections: Sequence[Section]) -> HttpResponse:
    files = [reverse("sitemap_file", args=[each.name, number]) for each in sections for number in each.files()]
    listed = "".join(f"<sitemap>{_loc(request, path)}</sitemap>\n" for path in files)
    body = f'{HEAD}<sitemapindex xmlns="{NAMESPACE}">\n{listed}</sitemapindex>\n'
    return HttpResponse(body, content_type="application/xml", headers=NOT_SHOWN)


@require_safe
def file(request: HttpRequest, sections: Sequence[Section], name: str, number: int) -> StreamingHttpResponse:
    section = next((each for each in sections if each.name == name), None)
    if section is None or not section.file(number).exists():
        raise Http404("There is no such sitemap.")
    return StreamingHttpResponse(_written(request, section, number), content_type="application/xml", headers=NOT_SHOWN)


def _written(request: HttpRequest, section: Section, number: int) -> Iterator[str]:
    yield f'{HEAD}<urlset xmlns="{NAMESPACE}">\n'
    urls = (_url(request, row, section.lastmod(row)) for row in section.file(number).iterator(CHUNK))
    while chunk := "".join(islice(urls, CHUNK)):
        yield chunk
    yield "</urlset>\n"


def _url(request: HttpRequest, row: Any, changed: datetime | None) -> str:
    lastmod = f"<lastmod>{changed.isoformat(timespec='seconds')}</lastmod>" if changed else ""
    return f"<url>{_loc(request, row.get_absolute_url())}{lastmod}</url>\n"


def _loc(request: HttpRequest, path: str) -> str:
    return f"<loc>{escape(request.build_absolute_uri(path))}</loc>"
