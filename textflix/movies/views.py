from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_safe

from textflix.movies.forms import BrowseForm
from textflix.movies.home import shelves
from textflix.movies.models import Movie
from textflix.movies.people_search import people_of, with_people
from textflix.movies.reviewlist import ReviewList
from textflix.movies.search import RELEVANCE, search
from textflix.reviews.forms import ReviewForm

FILMS_PER_PAGE = 24
SHORTEST, SUGGESTED, SUGGESTED_PEOPLE = 2, 6, 4
PEOPLE_FOUND = 12


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    totals = Movie.objects.totals()
    found = shelves()
    films = [film for shelf in found for film in shelf.films]
    context = {"totals": totals, "shelves": found, "films": films, "noindex": totals["not_real"] > 0}
    return render(request, "movies/home.html", context)


@require_safe
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
def film(request: HttpRequest, slug: str) -> HttpResponse:
    movie = Movie.objects.for_page().filter(slug=slug).first()
    if movie is None:
        return redirect(get_object_or_404(Movie, imdb_id=slug), permanent=True)
    own = None
    if request.user.is_authenticated:
        own = movie.reviews.with_reading().filter(author=request.user).first()
    context = {
        "movie": movie,
        "marks": movie.marks,
        "own": own,
        "reviews": ReviewList(movie, request.GET, own),
        "form": ReviewForm(),
        "noindex": not movie.for_search_engines,
    }
    return render(request, "movies/film.html", context)


@require_safe
def suggest(request: HttpRequest) -> HttpResponse:
    """What a search that is still being typed could mean: films and people, as the options of a list."""
    text = " ".join(request.GET.get("q", "").split())
    found: list[Movie] = []
    if len(text) >= SHORTEST:
        films = search(Movie.objects.listed(), text).order_by(*RELEVANCE.keys).only("title", "year", "slug")
        found = list(with_people(films, text)[:FILMS_PER_PAGE])
    context = {"films": found[:SUGGESTED], "people": people_of(found, SUGGESTED_PEOPLE)}
    return render(request, "movies/_suggestions.html", context)
