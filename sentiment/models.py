"""Postgres is the truth. Reading is the queue: one row per review that says which version last read which text.

Rows that hang on a review or a film leave with it by the database's own ON DELETE CASCADE (migration 0002): a row that
is written while its parent is being deleted is then removed too, instead of making the delete fail.
"""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from textflix.movies.models import Movie
from textflix.reviews.models import Review


class Verdict(models.TextChoices):
    POSITIVE = "positive"
    NEGATIVE = "negative"
    UNSURE = "unsure"


class ModelVersion(models.Model):
    """A trained critic. Immutable: its weights are in a folder named by their fingerprint."""

    name = models.CharField(max_length=80)
    fingerprint = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    method = models.CharField(max_length=20)
    base = models.CharField(max_length=120)
    layers = models.PositiveSmallIntegerField()
    labels = models.PositiveIntegerField("labels trained on")
    metrics = models.JSONField(default=dict)

    class Meta:
        ordering = ["-pk"]
        permissions = [("train_critic", "Can train a critic"), ("promote_critic", "Can promote and roll back critics")]

    def __str__(self) -> str:
        return f"version {self.pk}"


class PromotionQuerySet(models.QuerySet["Promotion"]):
    def serving(self) -> ModelVersion | None:
        """The version that newest points at; None before the first promotion."""
        newest = self.select_related("version").order_by("-pk").first()
        return newest.version if newest else None


class Promotion(models.Model):
    """The pointer's history: the newest row names the serving version. Rolling back appends, too."""

    version = models.ForeignKey(ModelVersion, models.PROTECT, related_name="promotions")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    at = models.DateTimeField(auto_now_add=True)
    reason = models.CharField(max_length=300)

    objects = PromotionQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.version} since {self.at:%Y-%m-%d %H:%M}"


class Score(models.Model):
    """What one version read in one text: probability of positive, and each sentence's exact share of the logit.

    `embedding` is the mean of the text's token states in half precision, little-endian.
    """

    review = models.ForeignKey(Review, models.DO_NOTHING, related_name="scores", db_constraint=False)
    version = models.ForeignKey(ModelVersion, models.PROTECT, related_name="scores")
    digest = models.CharField(max_length=64)
    positive = models.FloatField()
    bias = models.FloatField()
    sentences = models.JSONField(default=list)
    embedding = models.BinaryField(default=b"")
    scored_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["review", "version", "digest"], name="one_score_per_review_version_digest"),
            models.CheckConstraint(condition=Q(positive__range=(0, 1)), name="score_is_a_probability"),
        ]

    def __str__(self) -> str:
        return f"{self.positive:.2f} by {self.version}"


class AspectMention(models.Model):
    """A sentence (by its offsets) that judges an aspect of the film, and the probability that it does so favourably."""

    class Aspect(models.TextChoices):
        ACTING = "acting"
        STORY = "story"
        CHARACTERS = "characters"
        DIALOGUE = "dialogue"
        DIRECTION = "direction"
        VISUALS = "visuals"
        MUSIC = "music"
        PACING = "pacing"
        HUMOUR = "humour"
        ENDING = "ending"

    # The constraint below is its index.
    score = models.ForeignKey(Score, models.DO_NOTHING, related_name="mentions", db_index=False, db_constraint=False)
    aspect = models.CharField(max_length=10, choices=Aspect)
    start = models.PositiveIntegerField()
    end = models.PositiveIntegerField()
    positive = models.FloatField()

    class Meta:
        ordering = ["score", "start", "aspect"]
        constraints = [
            models.UniqueConstraint(fields=["score", "aspect", "start"], name="one_mention_per_sentence_and_aspect"),
            models.CheckConstraint(condition=Q(positive__range=(0, 1)), name="mention_is_a_probability"),
        ]

    def __str__(self) -> str:
        return f"{self.aspect} {self.positive:.2f}"


class Label(models.Model):
    """A human's judgement of one text. Append-only: `cleared` takes back, nothing is overwritten."""

    class Value(models.TextChoices):
        POSITIVE = "positive"
        NEGATIVE = "negative"
        UNSURE = "unsure"
        CLEARED = "cleared"

    class Source(models.TextChoices):
        SEED = "seed"
        ADMIN = "admin"
        AUTHOR = "author"
        IMPORTED = "imported"

    review = models.ForeignKey(Review, models.DO_NOTHING, related_name="labels", db_constraint=False)
    digest = models.CharField(max_length=64)
    text = models.TextField()
    value = models.CharField(max_length=8, choices=Value)
    source = models.CharField(max_length=8, choices=Source)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-pk"]
        indexes = [models.Index(fields=["review", "-id"], name="label_of_review_newest")]

    def __str__(self) -> str:
        return f"{self.value} ({self.source})"


class Reading(models.Model):
    """One row per review: what was last read, who is reading it now, and the verdict that follows."""

    review = models.OneToOneField(
        Review, models.DO_NOTHING, primary_key=True, related_name="reading", db_constraint=False
    )
    received_at = models.DateTimeField(default=timezone.now)
    live = models.BooleanField(default=True, help_text="Somebody is waiting: read before the backlog.")
    version = models.ForeignKey(ModelVersion, models.PROTECT, null=True, blank=True, related_name="readings")
    digest = models.CharField(max_length=64, blank=True)
    leased_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.TextField(blank=True)
    quarantined_at = models.DateTimeField(null=True, blank=True)
    # Settled from the newest labels and the score by verdicts.settle, so that lists can be sorted and filtered by it.
    score = models.ForeignKey(Score, models.DO_NOTHING, null=True, blank=True, related_name="+", db_constraint=False)
    label = models.ForeignKey(Label, models.DO_NOTHING, null=True, blank=True, related_name="+", db_constraint=False)
    positive = models.FloatField(null=True, blank=True)
    verdict = models.CharField(max_length=8, choices=Verdict, blank=True)

    class Meta:
        indexes = [
            models.Index(
                F("live").desc(),
                F("review_id"),
                name="reading_unread",
                condition=Q(version__isnull=True, quarantined_at__isnull=True),
            ),
            models.Index(
                fields=["received_at"],
                name="reading_unread_oldest",
                condition=Q(version__isnull=True, quarantined_at__isnull=True),
            ),
            models.Index(fields=["version", "-review"], name="reading_by_version"),
            models.Index(
                fields=["quarantined_at"], name="reading_quarantined", condition=Q(quarantined_at__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return self.state

    @property
    def state(self) -> str:
        if self.score_id is not None:
            return "scored"
        return "failed" if self.quarantined_at else "pending"


class MovieSentiment(models.Model):
    """What a film's public reviews say, recomputed from their rows by aggregates.refresh, never incremented."""

    movie = models.OneToOneField(
        Movie, models.DO_NOTHING, primary_key=True, related_name="sentiment", db_constraint=False
    )
    reviews = models.PositiveIntegerField(default=0)
    scored = models.PositiveIntegerField(default=0)
    positive = models.PositiveIntegerField(default=0)
    negative = models.PositiveIntegerField(default=0)
    unsure = models.PositiveIntegerField(default=0)
    demo = models.PositiveIntegerField("written for the demo", default=0)
    imported = models.PositiveIntegerField(default=0)
    share = models.FloatField("share positive", null=True)
    low = models.FloatField("Wilson lower bound of the share positive", null=True)
    high = models.FloatField("Wilson upper bound of the share positive", null=True)
    negative_low = models.FloatField("Wilson lower bound of the share negative", null=True)
    divided_low = models.FloatField("Wilson lower bound of the smaller side", null=True)
    by_version = models.JSONField("scores by version", default=dict)

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
        """Reviews without a verdict: neither read nor labelled."""
        return self.reviews - self.judged

    @property
    def pending(self) -> int:
        """Reviews that no version has read yet."""
        return self.reviews - self.scored

    @property
    def only_members(self) -> bool:
        """Nothing shown here was written for the demo or imported, so search engines may see it."""
        return not (self.demo or self.imported)

    def stale(self, serving: ModelVersion | None) -> int:
        """Reviews whose score is still an earlier version's."""
        current = self.by_version.get(str(serving.pk), 0) if serving else 0
        return self.scored - current


class TrainingRun(models.Model):
    """One training, from the wish to the version it made. The lease says that somebody is at it."""

    class State(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"

    state = models.CharField(max_length=8, choices=State, default=State.QUEUED)
    method = models.CharField(max_length=20, default="probe")
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    requested_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    leased_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    progress = models.FloatField(default=0)
    message = models.CharField(max_length=300, blank=True)
    version = models.ForeignKey(ModelVersion, models.SET_NULL, null=True, blank=True, related_name="runs")

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                models.Value(1), name="one_training_at_a_time", condition=Q(state__in=["queued", "running"])
            )
        ]

    def __str__(self) -> str:
        return f"training {self.pk}: {self.state}"
