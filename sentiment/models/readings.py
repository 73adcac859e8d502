"""Scores, what they found in sentences, and labels. Reading is the queue: one row per review."""

from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Now
from django.utils import timezone

from sentiment.models.versions import ModelVersion
from textflix.leased import Leased
from textflix.movies.models import Aspect
from textflix.reviews.models import Review


class Verdict(models.TextChoices):
    POSITIVE = "positive"
    NEGATIVE = "negative"
    UNSURE = "unsure"


class Unread(models.TextChoices):
    """Why a text that came to be read was not: it has no probability of positive, and no verdict but a label's."""

    LANGUAGE = "language", "it does not seem to be English"
    NOTHING = "nothing", "nothing to read"


class By(models.TextChoices):
    """What a score follows from; by brevity a text is unsure, of whose few words none judges."""

    CRITIC = "critic"
    RATING = "rating"
    BREVITY = "brevity"


class Score(models.Model):
    """A version's score of one text: the probability of positive, and each sentence's exact share of the logit.

    `embedding` is the mean of the text's token states in half precision, little-endian.
    """

    review = models.ForeignKey(Review, models.DO_NOTHING, related_name="scores", db_constraint=False)
    version = models.ForeignKey(ModelVersion, models.PROTECT, related_name="scores")
    digest = models.CharField(max_length=64)
    positive = models.FloatField(null=True)
    by = models.CharField(max_length=7, choices=By, default=By.CRITIC, db_default=By.CRITIC)
    unread = models.CharField(max_length=8, choices=Unread, blank=True, default="", db_default="")
    bias = models.FloatField()
    sentences = models.JSONField(default=list)
    embedding = models.BinaryField(default=b"")
    scored_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["review", "version", "digest"], name="one_score_per_review_version_digest"),
            models.CheckConstraint(condition=Q(positive__range=(0, 1)), name="score_is_a_probability"),
            models.CheckConstraint(
                condition=Q(unread="", positive__isnull=False) | (~Q(unread="") & Q(positive__isnull=True)),
                name="score_unless_unread",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.unread or f'{self.positive:.2f}'} by {self.version}"


class CountedManager(models.Manager["AspectMention"]):
    """Mentions with `counted`: whether a film's why counts this one."""

    def get_queryset(self) -> models.QuerySet["AspectMention"]:
        counted = Judgement.objects.filter(
            review=OuterRef("score__review"),
            review__public=True,
            aspect=OuterRef("aspect"),
            start=OuterRef("start"),
        )
        return super().get_queryset().annotate(counted=Exists(counted))


class AspectMention(models.Model):
    """A sentence (by its offsets) that judges an aspect of the film, and the probability that it does so favourably."""

    # The constraint below is its index.
    score = models.ForeignKey(Score, models.DO_NOTHING, related_name="mentions", db_index=False, db_constraint=False)
    aspect = models.CharField(max_length=10, choices=Aspect)
    start = models.PositiveIntegerField()
    end = models.PositiveIntegerField()
    positive = models.FloatField()

    # The first is the one by which the site, which does not know this model, fetches those of the reviews it shows.
    objects = CountedManager()
    rows = models.Manager["AspectMention"]()

    class Meta:
        ordering = ["score", "start", "aspect"]
        constraints = [
            models.UniqueConstraint(fields=["score", "aspect", "start"], name="one_mention_per_sentence_and_aspect"),
            models.CheckConstraint(condition=Q(positive__range=(0, 1)), name="mention_is_a_probability"),
        ]

    def __str__(self) -> str:
        return f"{self.aspect} {self.positive:.2f}"


class Judgement(models.Model):
    """What one review says of one aspect, by the score that counts: the most decided of its mentions stands for it."""

    review = models.ForeignKey(
        Review, models.DO_NOTHING, related_name="judgements", db_index=False, db_constraint=False
    )
    aspect = models.CharField(max_length=10, choices=Aspect)
    start = models.PositiveIntegerField()
    end = models.PositiveIntegerField()
    positive = models.FloatField()

    class Meta:
        ordering = ["review", "start"]
        constraints = [models.UniqueConstraint(fields=["review", "aspect"], name="one_judgement_per_review_and_aspect")]

    def __str__(self) -> str:
        return f"{self.aspect} {'+' if self.favourable else '−'}"

    @property
    def favourable(self) -> bool:
        return self.positive > 0.5


class Highlight(models.Model):
    """The sentence that spoke most for positive in a review, or most for negative, by the score that counts."""

    # Its constraint is the index by review.
    review = models.ForeignKey(
        Review, models.DO_NOTHING, related_name="highlights", db_index=False, db_constraint=False
    )
    favourable = models.BooleanField()
    start = models.PositiveIntegerField()
    end = models.PositiveIntegerField()
    weight = models.FloatField("how far it pulls, by how sure its review is")

    class Meta:
        ordering = ["review", "start"]
        constraints = [
            models.UniqueConstraint(fields=["review", "favourable"], name="one_highlight_per_review_and_side")
        ]

    def __str__(self) -> str:
        return f"{'+' if self.favourable else '−'}{self.weight:.2f}"


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


class Reading(Leased):
    """One row per review: what was last read, who is reading it now, and the verdict that follows."""

    LEASE = timedelta(seconds=20)

    review = models.OneToOneField(
        Review, models.DO_NOTHING, primary_key=True, related_name="reading", db_constraint=False
    )
    received_at = models.DateTimeField(default=timezone.now, db_default=Now())
    live = models.BooleanField(default=True, help_text="Somebody is waiting: read before the backlog.")
    version = models.ForeignKey(ModelVersion, models.PROTECT, null=True, blank=True, related_name="readings")
    reader = models.PositiveSmallIntegerField(
        default=0, db_default=0, help_text="Which release's rules it was read by (scoring.READER)."
    )
    digest = models.CharField(max_length=64, blank=True, default="", db_default="")
    quarantined_at = models.DateTimeField(null=True, blank=True)
    # Settled from the newest labels and the score by effective.settle, so that lists can be sorted and filtered by it.
    score = models.ForeignKey(Score, models.DO_NOTHING, null=True, blank=True, related_name="+", db_constraint=False)
    label = models.ForeignKey(Label, models.DO_NOTHING, null=True, blank=True, related_name="+", db_constraint=False)
    positive = models.FloatField(null=True, blank=True)
    unread = models.CharField(max_length=8, choices=Unread, blank=True, default="", db_default="")
    verdict = models.CharField(max_length=8, choices=Verdict, blank=True, default="", db_default="")

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
                name="reading_awaited_oldest",
                condition=Q(version__isnull=True, quarantined_at__isnull=True, live=True),
            ),
            models.Index(fields=["version", "-review"], name="reading_by_version"),
            models.Index(fields=["reader", "-review"], name="reading_by_reader"),
            models.Index(
                fields=["quarantined_at"], name="reading_quarantined", condition=Q(quarantined_at__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return self.state

    @property
    def state(self) -> str:
        if self.score_id is not None:
            return "unread" if self.unread else "scored"
        return "failed" if self.quarantined_at else "pending"
