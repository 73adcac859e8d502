"""Two films side by side."""

from django.core.validators import slug_re
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from textflix.kept import kept
from textflix.movies.models import Movie
from textflix.movies.revisions import of_lists_unless_searched
from textflix.movies.search import RELEVANCE, search

FOUND = 8


@require_safe
@kept(of_lists_unless_searched)
def compare(request: HttpRequest) -> HttpResponse:
    """Show the two films that ?a= and ?b= name by their slug; where one is missing, ?q= looks for it."""
    films = [_film(request.GET.get(side, "")) for side in ("a", "b")]
    text = " ".join(request.GET.get("q", "").split())
    found = search(Movie.objects.listed(), text).for_cards().order_by(*RELEVANCE.keys)[:FOUND] if text else []
    given = {side: film.slug for side, film in zip(("a", "b"), films, strict=True) if film}
    context = {
        "films": [film for film in films if film],
        "address": reverse("compare") + (f"?{urlencode(given)}" if len(given) == 2 else ""),
        "missing": next((side for side, film in zip(("a", "b"), films, strict=True) if film is None), ""),
        "text": text,
        "found": found,
        "noindex": True,
    }
    return render(request, "movies/compare.html", context)


def _film(slug: str) -> Movie | None:
    if slug and not slug_re.match(slug):
        raise Http404("No film has such a name in its address.")
    return get_object_or_404(Movie.objects.for_cards(), slug=slug) if slug else None
