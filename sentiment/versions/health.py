"""How reading is doing, by what its workers last said in the database: pages never ask them, nor the broker."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Literal

from django.db.models import DurationField, ExpressionWrapper, Min
from django.db.models.functions import Now

from sentiment.models import ModelVersion, Promotion, Reading, ScoringWorker

SILENT: Final = timedelta(seconds=30)
"""A worker that has said nothing for so long is taken for gone: it tells how it is between stretches of work, each of
some seconds, and that it is there before it loads a version that is to serve."""
LATE: Final = timedelta(minutes=1)
"""Nobody should wait longer than this for a verdict."""


@dataclass(frozen=True, slots=True)
class Health:
    """What should read, what does, and how long somebody has been waiting for a verdict."""

    serving: ModelVersion | None
    workers: list[ScoringWorker]
    waiting: timedelta

    @property
    def reading(self) -> Literal["ok", "degraded", "down"]:
        if not any(worker.version_id for worker in self.workers):
            return "down"
        return "degraded" if self.problems else "ok"

    @property
    def problems(self) -> list[str]:
        """What is wrong, in sentences for staff."""
        found = [] if self.workers else ["No worker reads: none has been heard of lately."]
        found += [f"{worker}: {worker.error}" for worker in self.workers if worker.error]
        if self.waiting > LATE:
            found.append(f"Somebody has been waiting for a verdict for {self.waiting.total_seconds():.0f} seconds.")
        return found


def health() -> Health:
    """Return how reading is doing now, by the database's clock."""
    awaited = Reading.objects.filter(version__isnull=True, quarantined_at__isnull=True, live=True)
    waited = ExpressionWrapper(Now() - Min("received_at"), DurationField())
    return Health(
        Promotion.objects.serving(),
        list(ScoringWorker.objects.filter(seen_at__gt=Now() - SILENT).select_related("version").order_by("name")),
        awaited.aggregate(waited=waited)["waited"] or timedelta(),
    )
