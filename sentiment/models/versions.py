"""Critics and the trainings that made them."""

from datetime import timedelta
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Max, Q

from textflix.leased import Leased, LeasedQuerySet


class ModelVersionQuerySet(models.QuerySet["ModelVersion"]):
    def that_served(self) -> Self:
        """Those that serve or have served, the last one first."""
        served = Max("promotions__pk", filter=Q(promotions__accepted_at__isnull=False))
        return self.annotate(served=served).filter(served__isnull=False).order_by("-served")


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

    objects = ModelVersionQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        permissions = [("train_critic", "Can train a critic"), ("promote_critic", "Can promote and roll back critics")]

    def __str__(self) -> str:
        return f"version {self.pk}"


class PromotionQuerySet(LeasedQuerySet["Promotion"]):
    def accepted(self) -> Self:
        """Those that a worker has verified: the newest of them serves."""
        return self.filter(accepted_at__isnull=False)

    def asked(self) -> Self:
        """Those that wait for a worker to verify them."""
        return self.filter(accepted_at__isnull=True, error="")

    def refused(self) -> Self:
        """Those of versions that no worker could read with; `error` says why."""
        return self.filter(accepted_at__isnull=True).exclude(error="")

    def serving(self) -> ModelVersion | None:
        """Return the version that the newest accepted promotion names; None before the first."""
        newest = self.accepted().select_related("version").order_by("-pk").first()
        return newest.version if newest else None


class Promotion(Leased):
    """A version's promotion: the newest that was accepted names the serving version. Rolling back appends, too.

    Only a worker has a version's files and can verify them. Until it has, what served before serves on.
    """

    LEASE = timedelta(minutes=2)

    version = models.ForeignKey(ModelVersion, models.PROTECT, related_name="promotions")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    at = models.DateTimeField(auto_now_add=True)
    reason = models.CharField(max_length=300)
    accepted_at = models.DateTimeField(null=True, blank=True)
    returns_to = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="+", help_text="The promotion rolled back to."
    )

    objects = PromotionQuerySet.as_manager()  # type: ignore[misc]

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.version} since {self.at:%Y-%m-%d %H:%M}"

    @property
    def state(self) -> str:
        if self.accepted_at:
            return "accepted"
        return f"refused: {self.error}" if self.error else "waits for a worker to verify it"


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
