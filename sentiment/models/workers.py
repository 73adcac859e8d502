"""The processes that read reviews, as they last said of themselves."""

from django.db import models
from django.db.models.functions import Now

from sentiment.models.versions import ModelVersion


class ScoringWorker(models.Model):
    """A process that reads: with which version (None: with none), and what keeps it from reading as it should."""

    name = models.CharField(max_length=200, primary_key=True)
    seen_at = models.DateTimeField(db_default=Now())
    version = models.ForeignKey(ModelVersion, models.SET_NULL, null=True, blank=True, related_name="+")
    error = models.TextField(blank=True, default="", db_default="")

    def __str__(self) -> str:
        return f"{self.name} with {self.version or 'no version'}"
