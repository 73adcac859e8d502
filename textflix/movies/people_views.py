"""Pages of people: their films, and what all the reviews of those say together."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import F, Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_safe

from textflix.kept import kept
from textflix.movies.models import Credit, Movie, Person
from textflix.movies.revisions import of_lists

LISTED = 60
SIDES = ("positive", "negative", "unsure")
ROLES = {Credit.Role.DIRECTOR: "Directed", Credit.Role.WRITER: "Wrote", Credit.Role.CAST: "Acted in"}


@dataclass(frozen=True, slots=True)
class Work:
    """What a person did, as a heading, and the films in which they did it, the newest first."""

    title: str
    films: Sequence[Movie]


@require_safe
@kept(lambda request: of_lists())
def people(request: HttpRequest) -> HttpResponse:
    """Show the directors whose films were reviewed most."""
    directors = Person.objects.by_reviews(Credit.Role.DIRECTOR)[:LISTED]
    rows = [(each, {side: getattr(each, side) for side in SIDES}) for each in directors]
    return render(request, "movies/people.html", {"people": rows, "noindex": True})


@require_safe
@kept(lambda request, **named: of_lists())
def person(request: HttpRequest, pk: int, slug: str) -> HttpResponse:
    found = get_object_or_404(Person, pk=pk)
    if request.path != found.get_absolute_url():
        return redirect(found, permanent=True)
    films = Movie.objects.listed().for_cards()
    newest_first = (F("movie__year").desc(nulls_last=True), "movie_id")
    credits = found.credits.prefetch_related(Prefetch("movie", films)).order_by(*newest_first)
    by_role: dict[str, list[Movie]] = {}
    for each in credits.filter(movie__listed=True):
        by_role.setdefault(each.role, []).append(each.movie)
    every = {movie.pk: movie for movies in by_role.values() for movie in movies}
    totals = {side: sum(_of(movie, side) for movie in every.values()) for side in SIDES}
    context = {
        "person": found,
        "works": [Work(title, by_role[role]) for role, title in ROLES.items() if role in by_role],
        "films": list(every.values()),
        "totals": totals,
        "noindex": not all(movie.for_search_engines for movie in every.values()),
    }
    return render(request, "movies/person.html", context)


def _of(movie: Movie, side: str) -> int:
    return int(getattr(getattr(movie, "sentiment", None), side, 0))
