"""The home page."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from textflix.movies.models import Movie
from textflix.pages.shelves import shelves


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    totals = Movie.objects.totals()
    found = shelves()
    films = [film for shelf in found for film in shelf.films]
    context = {"totals": totals, "shelves": found, "films": films, "noindex": totals["not_real"] > 0}
    return render(request, "movies/home.html", context)
