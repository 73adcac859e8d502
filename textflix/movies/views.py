"""Finding films: browse, search, and what a search that is still being typed could mean."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from textflix.kept import kept
from textflix.movies.forms import BrowseForm
from textflix.movies.models import Movie
from textflix.movies.people_search import people_of, with_people
from textflix.movies.revisions import of_lists_unless_searched
from textflix.movies.search import RELEVANCE, search

FILMS_PER_PAGE = 24
SHORTEST, SUGGESTED, SUGGESTED_PEOPLE = 2, 6, 4
PEOPLE_FOUND = 12


@require_safe
@kept(of_lists_unless_searched)
def films(request: HttpRequest) -> HttpResponse:
    return render(request, "movies/films.html", _browse(request))


def _browse(request: HttpRequest) -> dict[str, Any]:
    form = BrowseForm(request.GET)
    text, films = form.wanted.get("q"), form.films().for_cards()
    if text:
        films = with_people(films, text)
    page = form.keyset.page(films, request.GET.get("after", ""), FILMS_PER_PAGE)
    people = people_of(page, PEOPLE_FOUND) if text else []
    noindex = "q" in form.wanted or not all(film.for_search_engines for film in page)
    return {"form": form, "page": page, "people": people, "noindex": noindex}


@require_safe
def suggest(request: HttpRequest) -> HttpResponse:
    """Show what a search that is still being typed could mean: films and people, as the options of a list."""
    text = " ".join(request.GET.get("q", "").split())
    found: list[Movie] = []
    if len(text) >= SHORTEST:
        films = search(Movie.objects.listed(), text).order_by(*RELEVANCE.keys).only("title", "year", "slug")
        found = list(with_people(films, text)[:FILMS_PER_PAGE])
    context = {"films": found[:SUGGESTED], "people": people_of(found, SUGGESTED_PEOPLE)}
    return render(request, "movies/_suggestions.html", context)
