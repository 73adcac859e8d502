"""The figures of a film's public reviews together. All of it is recomputed from their rows, nothing is incremented."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from sentiment.models.versions import ModelVersion
from textflix.movies.models import Aspect, Movie


class MovieSentiment(models.Model):
    """Counts and shares of a film's public reviews, recomputed from them by aggregates.refresh, never incremented."""

    movie = models.OneToOneField(
        Movie, models.DO_NOTHING, primary_key=True, related_name="sentiment", db_constraint=False
    )
    reviews = models.PositiveIntegerField(default=0, db_default=0)
    scored = models.PositiveIntegerField(default=0, db_default=0)
    positive = models.PositiveIntegerField(default=0, db_default=0)
    negative = models.PositiveIntegerField(default=0, db_default=0)
    unsure = models.PositiveIntegerField(default=0, db_default=0)
    unread = models.PositiveIntegerField("not to be judged", default=0, db_default=0)
    failed = models.PositiveIntegerField("could not be read", default=0, db_default=0)
    labelled = models.PositiveIntegerField("verdicts that people gave", default=0, db_default=0)
    authored = models.PositiveIntegerField("those of them by the reviews' authors", default=0, db_default=0)
    starred = models.PositiveIntegerField("reviews with stars", default=0, db_default=0)
    stars = models.FloatField("mean of the stars", null=True)
    demo = models.PositiveIntegerField("written for the demo", default=0, db_default=0)
    imported = models.PositiveIntegerField(default=0, db_default=0)
    share = models.FloatField("share positive", null=True)
    low = models.FloatField("Wilson lower bound of the share positive", null=True)
    high = models.FloatField("Wilson upper bound of the share positive", null=True)
    negative_low = models.FloatField("Wilson lower bound of the share negative", null=True)
    divided_low = models.FloatField("Wilson lower bound of the smaller side", null=True)
    by_version = models.JSONField("verdicts of the critic by version", default=dict, db_default={})
    # Highlights, those that weighed most first: more than are shown, as some repeat others.
    praise = ArrayField(models.BigIntegerField(), default=list, db_default=[])
    criticism = ArrayField(models.BigIntegerField(), default=list, db_default=[])
    praised = models.CharField(
        "the aspect most surely praised", max_length=10, choices=Aspect, blank=True, default="", db_default=""
    )
    praised_by = models.PositiveIntegerField("reviews that praise it", default=0, db_default=0)
    praised_of = models.PositiveIntegerField("reviews that judge it", default=0, db_default=0)
    faulted = models.CharField(
        "the aspect most surely faulted", max_length=10, choices=Aspect, blank=True, default="", db_default=""
    )
    faulted_by = models.PositiveIntegerField("reviews that fault it", default=0, db_default=0)
    faulted_of = models.PositiveIntegerField("reviews that judge that", default=0, db_default=0)

    class Meta:
        indexes = [
            models.Index(F("reviews").desc(), "movie", name="sentiment_most_reviews", condition=Q(reviews__gt=0)),
            models.Index(F("low").desc(), "movie", name="sentiment_most_positive", condition=Q(reviews__gt=0)),
            models.Index(F("negative_low").desc(), "movie", name="sentiment_most_negative", condition=Q(reviews__gt=0)),
            models.Index(F("divided_low").desc(), "movie", name="sentiment_most_divided", condition=Q(reviews__gt=0)),
        ]

    def __str__(self) -> str:
        return f"{self.positive} of {self.reviews} positive"

    @property
    def judged(self) -> int:
        return self.positive + self.negative + self.unsure

    @property
    def unjudged(self) -> int:
        """How many reviews have no verdict: they are neither judged nor labelled."""
        return self.reviews - self.judged

    @property
    def pending(self) -> int:
        """How many reviews' verdict is still to come."""
        return max(0, self.unjudged - self.failed - self.unread)

    def stale(self, serving: ModelVersion | None) -> int:
        """Return how many of the critic's verdicts are still an earlier version's."""
        current = self.by_version.get(str(serving.pk), 0) if serving else 0
        return int(sum(self.by_version.values()) - current)


class MovieAspect(models.Model):
    """How many of a film's public reviews praise and fault one aspect, and which Judgements do so most decidedly."""

    class Side(models.TextChoices):
        """Praised or faulted: what surely more than half of the judgements say (verdicts/claims.py)."""

        PRAISED = "praised"
        FAULTED = "faulted"

    movie = models.ForeignKey(Movie, models.DO_NOTHING, related_name="aspects", db_index=False, db_constraint=False)
    aspect = models.CharField(max_length=10, choices=Aspect)
    positive = models.PositiveIntegerField()
    negative = models.PositiveIntegerField()
    praise = ArrayField(models.BigIntegerField())
    criticism = ArrayField(models.BigIntegerField())
    side = models.CharField(max_length=7, choices=Side, blank=True)
    praise_low = models.FloatField("Wilson lower bound of the share that praises it")
    criticism_low = models.FloatField("Wilson lower bound of the share that faults it")

    class Meta:
        ordering = ["movie", "aspect"]
        constraints = [models.UniqueConstraint(fields=["movie", "aspect"], name="one_row_per_film_and_aspect")]
        indexes = [models.Index(fields=["aspect", "side", "movie"], name="aspect_claimed", condition=~Q(side=""))]

    def __str__(self) -> str:
        return f"{self.aspect}: {self.positive} of {self.judged} positive"

    @property
    def judged(self) -> int:
        return self.positive + self.negative

    @property
    def percent(self) -> float:
        """How many of a hundred judgements praise it."""
        return round(100 * self.positive / self.judged, 2)


class MovieFigures(models.Model):
    """The counts that a film's figures are drawn from; no row for a film without a review that was judged or read.

    `days` and `stars` list the judged reviews of each day (UTC) and of each number of half stars, as [it, positive,
    negative, unsure]; `scores` lists those of each tenth of the scale of scores, as [it, reviews]. All in order.
    """

    movie = models.OneToOneField(
        Movie, models.DO_NOTHING, primary_key=True, related_name="figures", db_constraint=False
    )
    days = models.JSONField()
    stars = models.JSONField()
    scores = models.JSONField()

    class Meta:
        verbose_name_plural = "movie figures"

    def __str__(self) -> str:
        return f"figures of film {self.movie_id}"
