"""The home page."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from textflix.kept import kept
from textflix.movies.models import SiteFigures
from textflix.movies.revisions import of_lists
from textflix.pages.shelves import shelves


@require_safe
@kept(lambda request: of_lists())
def home(request: HttpRequest) -> HttpResponse:
    totals = SiteFigures.current()
    found = shelves(totals.month_loved)
    films = [film for shelf in found for film in shelf.films]
    context = {"totals": totals, "shelves": found, "films": films, "noindex": totals.not_real > 0}
    return render(request, "movies/home.html", context)
