"""Critics and the trainings that made them."""

from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models import Q

from textflix.leased import Leased


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
        """Return the version that the newest promotion names; None before the first promotion."""
        newest = self.select_related("version").order_by("-pk").first()
        return newest.version if newest else None


class Promotion(models.Model):
    """A version's promotion: the newest row names the serving version. Rolling back appends, too."""

    version = models.ForeignKey(ModelVersion, models.PROTECT, related_name="promotions")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    at = models.DateTimeField(auto_now_add=True)
    reason = models.CharField(max_length=300)

    objects = PromotionQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.version} since {self.at:%Y-%m-%d %H:%M}"


class TrainingRun(Leased):
    """One training: who asked for it, how far it is, and the version it made. It is leased while a worker is at it."""

    class State(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"

    LEASE = timedelta(minutes=10)

    state = models.CharField(max_length=8, choices=State, default=State.QUEUED)
    method = models.CharField(max_length=20, default="probe")
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    requested_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
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
