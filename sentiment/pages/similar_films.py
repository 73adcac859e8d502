"""Films like another: praised and faulted for the same, or liked by the same people."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.core.cache import caches
from django.db.models import Case, Count, F, IntegerField, Q, Sum, Value, When

from sentiment.models import MovieAspect, MovieSentiment
from textflix.movies.models import Movie
from textflix.movies.revisions import of_lists
from textflix.reviews.models import Review

MOST_FILMS = 6
FEWEST_SHARED = 2
NEWEST_AUTHORS = 200
"""Whose other reviews are looked at: those who liked the film last."""
BEST_KNOWN = 500
"""How many films are compared by aspects: those with most reviews, however many there are."""


@dataclass(frozen=True, slots=True)
class Similar:
    """Films for each of the two reasons, with how much they share: aspects, or people who liked both."""

    by_aspects: Sequence[tuple[Movie, int]]
    by_people: Sequence[tuple[Movie, int]]


def similar(movie: Movie) -> Similar:
    """Find films like this one, in a number of queries that does not depend on how many there are.

    Which they are is kept until anything changes: it takes longer the more is known of films.
    """
    key = f"similar.{movie.pk}.{of_lists()}"
    kept: tuple[dict[int, int], dict[int, int]] | None = caches["pages"].get(key)
    aspects, people = kept or (_by_aspects(movie), _by_people(movie))
    if kept is None:
        caches["pages"].set(key, (aspects, people), None)
    films = Movie.objects.for_cards().in_bulk([*aspects, *people])

    def found(counts: dict[int, int]) -> list[tuple[Movie, int]]:
        return [(films[pk], count) for pk, count in counts.items() if pk in films]

    return Similar(found(aspects), found(people))


def _by_aspects(movie: Movie) -> dict[int, int]:
    """Return how far films agree with this one on aspects: each agreement counts one, a disagreement takes one away."""
    claimed = MovieAspect.objects.filter(movie=movie).exclude(side="").values_list("aspect", "side")
    conditions = [When(aspect=aspect, then=Case(When(side=side, then=1), default=-1)) for aspect, side in claimed]
    if not conditions:
        return {}
    agreement = Sum(Case(*conditions, default=Value(0), output_field=IntegerField()))
    known = MovieSentiment.objects.filter(reviews__gt=0, movie__listed=True).order_by(F("reviews").desc(), "movie")
    rows = (
        MovieAspect.objects.filter(movie__in=known.values("movie")[:BEST_KNOWN], aspect__in=[a for a, _ in claimed])
        .exclude(side="")
        .exclude(movie=movie)
        .values("movie")
        .annotate(agreement=agreement)
        .filter(agreement__gte=FEWEST_SHARED)
        .order_by("-agreement", "movie")
    )
    return dict(rows.values_list("movie", "agreement")[:MOST_FILMS])


def _by_people(movie: Movie) -> dict[int, int]:
    liked = Review.objects.public().filter(author__isnull=False, reading__verdict="positive")
    fans = liked.filter(movie=movie).order_by("-written_at").values_list("author", flat=True)[:NEWEST_AUTHORS]
    rows = (
        liked.filter(~Q(movie=movie), movie__listed=True, author__in=list(fans))
        .values("movie")
        .annotate(people=Count("author"))
        .order_by("-people", "movie")
    )
    return dict(rows.values_list("movie", "people")[:MOST_FILMS])
