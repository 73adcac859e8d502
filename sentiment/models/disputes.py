"""Readers' disputes of verdicts, and how staff decided them."""

from django.conf import settings
from django.core.validators import MinLengthValidator
from django.db import models
from django.db.models import Q

from sentiment.models.readings import Verdict
from textflix.reviews.models import Review


class Dispute(models.Model):
    """A reader's reason why the verdict on a review's text is wrong; staff decide, and the review's page says how."""

    class Outcome(models.TextChoices):
        OPEN = "", "waits for a decision"
        CORRECTED = "corrected", "the verdict was corrected"
        KEPT = "kept", "the verdict was kept"
        OUTDATED = "outdated", "the review was edited meanwhile"

    MIN_LENGTH, MAX_LENGTH = 10, 500

    review = models.ForeignKey(Review, models.DO_NOTHING, related_name="disputes", db_index=False, db_constraint=False)
    digest = models.CharField(max_length=64)
    verdict = models.CharField(max_length=8, choices=Verdict)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="disputes")
    reason = models.TextField(max_length=MAX_LENGTH, validators=[MinLengthValidator(MIN_LENGTH)])
    at = models.DateTimeField(auto_now_add=True)
    outcome = models.CharField(max_length=9, choices=Outcome, blank=True, default=Outcome.OPEN)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["review", "digest", "by"], name="one_open_dispute_per_text_and_reader", condition=Q(outcome="")
            )
        ]
        indexes = [
            models.Index(fields=["at"], name="dispute_open_oldest", condition=Q(outcome="")),
            # A review's page shows its disputes, and takes them along when it is deleted.
            models.Index(fields=["review", "-id"], name="dispute_of_review_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.review}: not {self.verdict}, {self.get_outcome_display()}"
