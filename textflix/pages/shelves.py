"""The shelves of the home page: a few films each, chosen by a rule that is told."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.core.cache import caches
from django.db.models import Count, F, Q
from django.utils import timezone

from textflix.intervals import DIVIDED_LOW, LOVED, lower_bound
from textflix.movies.models import Movie, MovieQuerySet
from textflix.reviews.models import Review

FILMS_ON_SHELF = 4
LOVED_KEY = "home.loved"
MONTH = timedelta(days=30)
FEWEST_IN_MONTH = 3
IN_MONTH = f"loved, and liked by most of {FEWEST_IN_MONTH} reviews or more in the last 30 days"
GEM_REVIEWS = (5, 20)
KEPT_SECONDS = 300
AMONG_NEWEST = 60
"""Among so many of the newest reviews the newly reviewed films are sought."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """Some films under a heading, with a line that says by which rule, and where there are more."""

    title: str
    rule: str
    films: Sequence[Movie]
    more: str = ""


def shelves() -> list[Shelf]:
    """Return the shelves that have a film.

    A film can stand on several, as each says something else of it, but for gems: what stands above is not hidden.
    """
    reviewed = Movie.objects.filter(sentiment__reviews__gt=0)
    loved = reviewed.filter(sentiment__low__gte=LOVED).order_by("-sentiment__low", "pk")
    divided = reviewed.filter(sentiment__divided_low__gte=DIVIDED_LOW).order_by("-sentiment__divided_low", "pk")
    lately, most_loved = _most_loved(loved)
    chosen = [
        ("Most loved this month", IN_MONTH, most_loved, "")
        if lately
        else ("Most loved", "liked by most, and surely so", most_loved, "sort=positive"),
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


def _most_loved(loved: MovieQuerySet) -> tuple[bool, list[int]]:
    """Return whether the month fills a row, and the films: the month's, or else those of all time.

    All reviews of the month are counted for it, and so it is kept for some minutes.
    """
    kept: tuple[bool, list[int]] | None = caches["pages"].get(LOVED_KEY)
    if kept is None:
        lately = _rank_lately()
        kept = (True, lately) if len(lately) == FILMS_ON_SHELF else (False, _ids(loved))
        caches["pages"].set(LOVED_KEY, kept, KEPT_SECONDS)
    return kept


def _rank_lately() -> list[int]:
    """Loved films that most of the last 30 days' reviews liked, by the lower end of that share's Wilson interval."""
    rows = (
        Review.objects.public()
        .filter(written_at__gt=timezone.now() - MONTH, movie__listed=True, movie__sentiment__low__gte=LOVED)
        .exclude(reading__verdict="")
        .values("movie")
        .annotate(n=Count("pk"), positive=Count("pk", filter=Q(reading__verdict="positive")))
        .filter(n__gte=FEWEST_IN_MONTH, positive__gt=F("n") / 2.0)
    )
    ranked = sorted(rows, key=lambda row: (-lower_bound(row["positive"], row["n"]), row["movie"]))
    return [row["movie"] for row in ranked[:FILMS_ON_SHELF]]


def _newly_reviewed() -> list[int]:
    newest = Review.objects.public().filter(written_at__isnull=False).order_by("-written_at")
    films = newest.filter(movie__listed=True).values_list("movie", flat=True)[:AMONG_NEWEST]
    return list(dict.fromkeys(films))[:FILMS_ON_SHELF]
