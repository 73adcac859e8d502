"""The orders of the films on /films/, and the genres that they can be narrowed to."""

from django.core.cache import caches
from django.db.models import Q

from textflix.movies.models import Genre
from textflix.movies.revisions import of_facts
from textflix.movies.search import RELEVANCE
from textflix.pagination import Keyset, Part

REVIEWED = Q(sentiment__reviews__gt=0)


def _by_sentiment(name: str, column: str) -> Keyset:
    """Return the order by a figure: films that have it, most first; then all others."""
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


def genres() -> list[tuple[int, str, str]]:
    """Each genre of a listed film as id, slug and name; kept until a fact of any film changes."""
    key = f"films.genres.{of_facts()}"
    found: list[tuple[int, str, str]] | None = caches["pages"].get(key)
    if found is None:
        found = list(Genre.objects.filter(movies__listed=True).distinct().values_list("pk", "slug", "name"))
        caches["pages"].set(key, found, None)
    return found
