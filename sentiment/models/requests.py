"""Texts that somebody wants read and that are no review: they expire."""

import uuid
from datetime import timedelta
from typing import Final

from django.core.validators import MaxLengthValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone

from sentiment.models.readings import By, Unread
from sentiment.models.versions import ModelVersion
from textflix.leased import Leased

LIFE: Final = timedelta(hours=1)
WAITS: Final = Q(positive__isnull=True, unread="")
"""Texts that nobody has read yet."""


class ScoreRequest(Leased):
    """A text to try the critic on. Nobody but who has its address sees it, and it is gone after an hour."""

    MAX_LENGTH = 5_000
    LEASE = timedelta(seconds=20)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    text = models.TextField(validators=[MaxLengthValidator(MAX_LENGTH)])
    asked_at = models.DateTimeField(default=timezone.now, db_index=True)
    version = models.ForeignKey(ModelVersion, models.CASCADE, null=True, blank=True, related_name="+")
    positive = models.FloatField(null=True, blank=True)
    by = models.CharField(max_length=7, choices=By, default=By.CRITIC, db_default=By.CRITIC)
    unread = models.CharField(max_length=8, choices=Unread, blank=True, default="", db_default="")
    sentences = models.JSONField(default=list)
    mentions = models.JSONField("which sentences judge what, by where they start", default=list, db_default=[])

    class Meta:
        indexes = [models.Index(fields=["asked_at"], name="request_waiting", condition=WAITS)]

    def __str__(self) -> str:
        return f"{self.text[:40]}: {'waits' if self.waits else self.unread or f'{self.positive:.2f}'}"

    @property
    def waits(self) -> bool:
        return self.positive is None and not self.unread

    @property
    def failed(self) -> bool:
        """Whether it was tried too often, so that nobody will try to read it again; asked of with_exhausted() alone."""
        return self.waits and self.is_exhausted
