"""The shelves of the home page: a few films each, chosen by a rule that is told."""

from collections.abc import Sequence
from dataclasses import dataclass

from textflix.intervals import DIVIDED_LOW, LOVED
from textflix.movies.models import Movie, MovieQuerySet
from textflix.pages.site_figures import FEWEST_IN_MONTH
from textflix.reviews.models import Review

FILMS_ON_SHELF = 4
IN_MONTH = f"loved, and liked by most of {FEWEST_IN_MONTH} reviews or more in the last 30 days"
GEM_REVIEWS = (5, 20)
AMONG_NEWEST = 60
"""Among so many of the newest reviews the newly reviewed films are sought."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """Some films under a heading, with a line that says by which rule, and where there are more."""

    title: str
    rule: str
    films: Sequence[Movie]
    more: str = ""


def shelves(month_loved: Sequence[int]) -> list[Shelf]:
    """Return the shelves that have a film; `month_loved` are the ids of the month's, best first.

    A film can stand on several, as each says something else of it, but for gems: what stands above is not hidden.
    """
    reviewed = Movie.objects.filter(sentiment__reviews__gt=0)
    loved = reviewed.filter(sentiment__low__gte=LOVED).order_by("-sentiment__low", "pk")
    divided = reviewed.filter(sentiment__divided_low__gte=DIVIDED_LOW).order_by("-sentiment__divided_low", "pk")
    chosen = [
        ("Most loved this month", IN_MONTH, month_loved[:FILMS_ON_SHELF], "")
        if len(month_loved) >= FILMS_ON_SHELF
        else ("Most loved", "liked by most, and surely so", _ids(loved), "sort=positive"),
        ("Most divisive", "many for it, many against", _ids(divided), "sort=divided"),
        ("Newly reviewed", "the newest reviews first", _newly_reviewed(), ""),
    ]
    above = {pk for _, _, ids, _ in chosen for pk in ids}
    gems = loved.filter(sentiment__reviews__range=GEM_REVIEWS).exclude(pk__in=above)
    chosen.append(("Hidden gems", "few reviews, and surely liked by most", _ids(gems), ""))
    films = Movie.objects.for_cards().in_bulk({pk for _, _, ids, _ in chosen for pk in ids})
    found = (Shelf(title, rule, [films[pk] for pk in ids if pk in films], more) for title, rule, ids, more in chosen)
    return [shelf for shelf in found if shelf.films]


def _ids(films: MovieQuerySet) -> list[int]:
    return list(films.listed().values_list("pk", flat=True)[:FILMS_ON_SHELF])


def _newly_reviewed() -> list[int]:
    newest = Review.objects.public().filter(written_at__isnull=False).order_by("-written_at")
    films = newest.filter(movie__listed=True).values_list("movie", flat=True)[:AMONG_NEWEST]
    return list(dict.fromkeys(films))[:FILMS_ON_SHELF]
