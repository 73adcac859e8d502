from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_safe

from textflix.movies.forms import BrowseForm
from textflix.movies.models import Movie
from textflix.movies.reviewlist import ReviewList
from textflix.reviews.forms import ReviewForm
from textflix.reviews.models import Review

FILMS_PER_PAGE = 24


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    totals = Movie.objects.totals()
    context = _browse(request) | {"totals": totals, "noindex": totals["not_real"] > 0}
    return render(request, "movies/home.html", context)


@require_safe
def films(request: HttpRequest) -> HttpResponse:
    return render(request, "movies/films.html", _browse(request))


def _browse(request: HttpRequest) -> dict[str, Any]:
    form = BrowseForm(request.GET)
    page = form.keyset.page(form.films().for_cards(), request.GET.get("after", ""), FILMS_PER_PAGE)
    noindex = "q" in form.wanted or not all(film.for_search_engines for film in page)
    return {"form": form, "page": page, "noindex": noindex}


@require_safe
def film(request: HttpRequest, slug: str) -> HttpResponse:
    movie = Movie.objects.for_page().filter(slug=slug).first()
    if movie is None:
        return redirect(get_object_or_404(Movie, imdb_id=slug), permanent=True)
    own = None
    if request.user.is_authenticated:
        own = Review.objects.with_reading().filter(movie=movie, author=request.user).first()
    context = {
        "movie": movie,
        "marks": movie.marks,
        "own": own,
        "reviews": ReviewList(movie, request.GET, own),
        "form": ReviewForm(),
        "noindex": not movie.for_search_engines,
    }
    return render(request, "movies/film.html", context)
