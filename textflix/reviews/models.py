from functools import reduce
from operator import or_

from django.conf import settings
from django.core.validators import MaxLengthValidator, MaxValueValidator, MinLengthValidator, MinValueValidator
from django.db import models
from django.db.models import ExpressionWrapper, F, Func, Prefetch, Q
from django.db.models.functions import Length
from django.urls import reverse

from textflix.movies.models import NOT_MEMBERS, Movie
from textflix.reviews.ratings import AT_ODDS


class Source(models.TextChoices):
    """Where a review came from: only members' reviews pass for real."""

    MEMBER = "member"
    DEMO = "demo"
    ACLIMDB = "aclimdb"
    FILE = "file"


MENTIONS = Prefetch("reading__score__mentions", to_attr="shown_mentions")
"""What sentences say of aspects. Under a name of its own: a page that shows a review without having asked for it
fails, instead of asking once for each."""


class ReviewQuerySet(models.QuerySet["Review"]):
    def public(self) -> "ReviewQuerySet":
        """Reviews that are not hidden: only these enter aggregates, evidence, lists and search."""
        return self.filter(public=True)

    def of_members(self) -> "ReviewQuerySet":
        return self.filter(source=Source.MEMBER)

    def longer(self) -> "ReviewQuerySet":
        """Reviews that say more than a line."""
        return self.annotate(length=Length("text")).filter(length__gte=Review.MORE_THAN_A_LINE)

    def at_odds(self) -> "ReviewQuerySet":
        """Reviews whose stars say one thing and whose words another."""
        return self.filter(Review.at_odds())

    def with_verdict(self) -> "ReviewQuerySet":
        """Reviews with their author and what their verdict rests on; a label's text is the review's own."""
        shown = self.select_related("author", "reading", "reading__score", "reading__label")
        return shown.defer("reading__score__embedding", "reading__label__text")

    def with_reading(self) -> "ReviewQuerySet":
        """Reviews with all that a page shows of one, its film aside."""
        return self.with_verdict().prefetch_related(MENTIONS)

    def for_pages(self) -> "ReviewQuerySet":
        return self.public().with_reading().select_related("movie")


class Review(models.Model):
    """What somebody wrote about a film. Imported reviews have neither author nor date."""

    MIN_LENGTH, MAX_LENGTH = 20, 20_000
    MORE_THAN_A_LINE = 140

    movie = models.ForeignKey(Movie, models.CASCADE, related_name="reviews", db_index=False)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="reviews")
    text = models.TextField(validators=[MinLengthValidator(MIN_LENGTH), MaxLengthValidator(MAX_LENGTH)])
    # The database computes it, so that no way of writing a text (bulk, COPY, SQL) can leave a wrong one behind.
    digest = models.GeneratedField(
        expression=Func(F("text"), function="text_digest"),
        output_field=models.CharField(max_length=64),
        db_persist=True,
    )
    stars = models.PositiveSmallIntegerField(
        "half stars", null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(10)]
    )
    spoiler = models.BooleanField("contains spoilers", default=False, db_default=False)
    written_at = models.DateTimeField(null=True, blank=True)
    edited_at = models.DateTimeField(null=True, blank=True, editable=False)
    received_at = models.DateTimeField(auto_now_add=True)
    hidden = models.BooleanField(default=False, db_default=False)
    # The one place that says what is public: only such reviews enter aggregates, evidence, lists, search and training.
    public = models.GeneratedField(
        expression=ExpressionWrapper(Q(hidden=False), models.BooleanField()),
        output_field=models.BooleanField(),
        db_persist=True,
    )
    source = models.CharField(max_length=8, choices=Source, default=Source.MEMBER, editable=False)
    external_id = models.CharField(max_length=100, null=True, blank=True, editable=False)

    objects = ReviewQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["movie", "author"], name="one_review_per_film_and_member"),
            models.UniqueConstraint(fields=["source", "external_id"], name="one_review_per_external_id"),
            models.CheckConstraint(
                condition=Q(stars__isnull=True) | Q(stars__range=(1, 10)), name="half_stars_1_to_10"
            ),
        ]
        indexes = [
            models.Index(fields=["author", "-written_at"], name="review_author_newest"),
            # A film's page, newest first: those with a date, then those without.
            models.Index(fields=["movie", "-written_at", "-id"], name="review_film_newest"),
            models.Index(fields=["movie", "-id"], name="review_film_undated", condition=Q(written_at__isnull=True)),
            models.Index(F("written_at").desc(), name="review_newest", condition=Q(written_at__isnull=False)),
            # The sitemap, which has to find the few that members wrote among a million imported ones.
            models.Index(fields=["id"], name="review_for_search_engines", condition=Q(public=True, source="member")),
        ]

    def __str__(self) -> str:
        return f"{self.author or self.source} on {self.movie}"

    def get_absolute_url(self) -> str:
        return reverse("review", args=[self.pk])

    @classmethod
    def at_odds(cls) -> Q:
        """Return the condition that stars say one thing and words another."""
        sides = (Q(reading__verdict=verdict, stars__range=(min(s), max(s))) for verdict, s in AT_ODDS.items())
        return reduce(or_, sides)

    @property
    def mark(self) -> str:
        """Where it comes from, in words, if it is no member's own; empty if it is."""
        if self.source == Source.MEMBER:
            return ""
        return NOT_MEMBERS["demo" if self.source == Source.DEMO else "imported"]

    @property
    def rating(self) -> float | None:
        return None if self.stars is None else self.stars / 2
