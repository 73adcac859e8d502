"""What all films' reviews come to together: too much for a page to add up, so a sweep keeps it in one row."""

from datetime import date, datetime, time, timedelta

from django.db import transaction
from django.db.models import Count, F, Q
from django.utils import timezone

from textflix.intervals import LOVED, lower_bound
from textflix.movies import revisions
from textflix.movies.models import Movie, SiteFigures
from textflix.reviews.models import Review

MONTH = timedelta(days=30)
FEWEST_IN_MONTH = 3
RANKED = 4
"""How many of the month's films are kept."""


@transaction.atomic
def renew() -> None:
    """Bring the row up to date where anything has changed since it was made, and say so where it differs."""
    SiteFigures.objects.get_or_create(pk=1)
    stored = SiteFigures.objects.select_for_update().get(pk=1)
    revision, today = revisions.of_lists(), timezone.now().date()
    if (stored.revision, stored.day) == (revision, today):
        return
    found = Movie.objects.totals() | {"month_loved": _month_loved(today)}
    differs = any(getattr(stored, name) != value for name, value in found.items())
    if differs:
        revisions.moved()
    # Its own step is counted; what others have changed since the revision was read is for the next sweep.
    SiteFigures.objects.filter(pk=1).update(**found, revision=revision + differs, day=today)


def _month_loved(today: date) -> list[int]:
    """Loved films that most of the last 30 days' reviews liked, by the lower end of that share's Wilson interval."""
    since = datetime.combine(today, time(), timezone.get_current_timezone()) - MONTH
    rows = (
        Review.objects.public()
        .filter(written_at__gt=since, movie__listed=True, movie__sentiment__low__gte=LOVED)
        .exclude(reading__verdict="")
        .values("movie")
        .annotate(n=Count("pk"), positive=Count("pk", filter=Q(reading__verdict="positive")))
        .filter(n__gte=FEWEST_IN_MONTH, positive__gt=F("n") / 2.0)
    )
    ranked = sorted(rows, key=lambda row: (-lower_bound(row["positive"], row["n"]), row["movie"]))
    return [row["movie"] for row in ranked[:RANKED]]
