"""What /films/ can be ordered by and narrowed to."""

from dataclasses import dataclass

from django.core.cache import cache
from django.db.models import CharField, Count, F, Func, Max, Min, Q

from textflix.movies.models import Genre, Movie
from textflix.movies.search import RELEVANCE
from textflix.pagination import Keyset, Part

CHOICES_KEY = "films.choices.2"
CHOICES_SECONDS = 600
MOST_LANGUAGES = 60

REVIEWED = Q(sentiment__reviews__gt=0)


def _by_sentiment(name: str, column: str) -> Keyset:
    """Films that have the figure, most first; then all others."""
    known = REVIEWED & Q(**{f"{column}__isnull": False})
    return Keyset(name, Part((f"-{column}", "pk"), known), Part(("pk",), ~known))


SORTS = {
    "relevance": Keyset("relevance", RELEVANCE),
    "reviews": _by_sentiment("reviews", "sentiment__reviews"),
    # By the lower end of the Wilson interval: 1 of 1 says less than 95 of 100.
    "positive": _by_sentiment("positive", "sentiment__low"),
    "negative": _by_sentiment("negative", "sentiment__negative_low"),
    "divided": _by_sentiment("divided", "sentiment__divided_low"),
    "newest": Keyset("newest", Part(("-year", "pk"), Q(year__isnull=False)), Part(("pk",), Q(year__isnull=True))),
    "title": Keyset("title", Part(("search_title", "pk"))),
}
SORT_NAMES = {
    "relevance": "Best match",
    "reviews": "Most reviews",
    "positive": "Most positive",
    "negative": "Most negative",
    "divided": "Most divided",
    "newest": "Newest",
    "title": "Title",
}


@dataclass(frozen=True)
class Choices:
    """What the filters offer: each finds a film. Genres as id, slug and name."""

    genres: list[tuple[int, str, str]]
    decades: list[tuple[int, str]]
    languages: list[str]


def choices() -> Choices:
    """Kept for some minutes: they change with the catalogue only, which says so by forget_choices."""
    found: Choices | None = cache.get(CHOICES_KEY)
    if found is None:
        found = _choices()
        cache.set(CHOICES_KEY, found, CHOICES_SECONDS)
    return found


def forget_choices() -> None:
    cache.delete(CHOICES_KEY)


def _choices() -> Choices:
    films = Movie.objects.listed()
    years = films.aggregate(first=Min("year"), last=Max("year"))
    decades = range(years["last"] // 10 * 10, years["first"] - 10, -10) if years["first"] else ()
    spoken = films.annotate(language=Func(F("languages"), function="unnest", output_field=CharField()))
    counted = spoken.values("language").annotate(films=Count("pk")).order_by("-films", "language")
    return Choices(
        list(Genre.objects.filter(movies__listed=True).distinct().values_list("pk", "slug", "name")),
        [(decade, f"{decade}s") for decade in decades],
        sorted(row["language"] for row in counted[:MOST_LANGUAGES]),
    )
