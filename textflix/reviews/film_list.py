"""The reviews on a film's page: in which order, with which stars, which page of them."""

import re

from django.db.models import Case, FloatField, Q, Value, When, prefetch_related_objects
from django.db.models.functions import Coalesce
from django.http import QueryDict

from textflix.movies.models import Movie
from textflix.pagination import Keyset, Part
from textflix.reviews.models import MENTIONS, Review, ReviewQuerySet
from textflix.reviews.ratings import in_half_stars

PER_PAGE = 20
SORT_NAMES = {"newest": "Newest", "positive": "Most positive", "negative": "Most negative"}
READ = Q(standing__isnull=False)
# Imported reviews have no date and so come after all that have one.
NEWEST = Keyset(
    "newest", Part(("-written_at", "-pk"), Q(written_at__isnull=False)), Part(("-pk",), Q(written_at__isnull=True))
)
SORTS = {
    "newest": NEWEST,
    "positive": Keyset("positive", Part(("-standing", "-pk"), READ), Part(("-pk",), ~READ)),
    "negative": Keyset("negative", Part(("standing", "-pk"), READ), Part(("-pk",), ~READ)),
}
# The verdict before the score, because a human's label may have overruled it; null until one of them is there.
STANDING = Case(
    When(reading__verdict="negative", then=Value(0.0)),
    When(reading__verdict="unsure", then=Value(1.0)),
    When(reading__verdict="positive", then=Value(2.0)),
    output_field=FloatField(),
) + Coalesce("reading__positive", 0.5)
STARS = re.compile(r"([0-5](?:\.[05])?)(?:-([0-5](?:\.[05])?))?")
STAR_NAMES = {"4-5": "4 to 5 stars", "2.5-3.5": "2½ to 3½ stars", "0.5-2": "½ to 2 stars"}


class ReviewList:
    """The reviews that ?sort=, ?stars=, ?at_odds=, ?longer= and ?after= ask for; a senseless value is as if not given.

    `own` is the reader's review, which stands above the list: it is not in it, and has all that is shown of one.
    """

    def __init__(self, movie: Movie, asked: QueryDict, own: Review | None) -> None:
        sort, stars = str(asked.get("sort", "")), str(asked.get("stars", ""))
        self.sort = sort if sort in SORTS else "newest"
        between = star_range(stars)
        self.stars = stars if between else ""
        self.at_odds = bool(asked.get("at_odds"))
        reviews: ReviewQuerySet = movie.reviews.public().with_verdict().annotate(standing=STANDING)
        if own:
            reviews = reviews.exclude(pk=own.pk)
        if between:
            reviews = reviews.filter(stars__range=between)
        if self.at_odds:
            reviews = reviews.at_odds()
        self.longer = bool(asked.get("longer"))
        if self.longer:
            reviews = reviews.longer()
        self.page = SORTS[self.sort].page(reviews, asked.get("after", ""), PER_PAGE)
        # In one query for all reviews of the page.
        prefetch_related_objects([*self.page, *([own] if own else [])], MENTIONS)

    @property
    def query(self) -> QueryDict:
        """The query that was asked for, for links that change a part of it."""
        query = QueryDict(mutable=True)
        asked = {"sort": self.sort, "stars": self.stars, "at_odds": "1" if self.at_odds else ""}
        asked["longer"] = "1" if self.longer else ""
        query.update({name: value for name, value in asked.items() if value})
        return query

    @property
    def sorts(self) -> dict[str, str]:
        return SORT_NAMES

    @property
    def star_choices(self) -> dict[str, str]:
        """The choices of stars: the ranges, and an exact number or another range where the address says so."""
        return ({self.stars: f"{self.stars} stars"} if self.stars else {}) | STAR_NAMES


def star_range(text: str) -> tuple[int, int] | None:
    """Read stars as people write them, "4", "3.5" or "2.5-4": half stars, from least to most; None of anything else."""
    found = STARS.fullmatch(text)
    if not found:
        return None
    ends = [in_half_stars(float(end or found[1])) for end in found.groups()]
    return min(ends), max(ends)
