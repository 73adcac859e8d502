"""Asking for a training, taking it on, and telling how far it is.

One at a time; no torch, so that the admin may ask.
"""

import logging
import time
from collections.abc import Callable

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone

from sentiment.models import Label, ModelVersion, Promotion, TrainingRun
from sentiment.wakeup import wake_on_commit
from textflix.leased import LeasedQuerySet
from textflix.members.models import User

logger = logging.getLogger(__name__)

REPORT_SECONDS = 2.0
Progress = Callable[[float, str], None]


class AlreadyTraining(RuntimeError):
    """A training is under way already: one runs at a time."""


def request(*, method: str = "probe", by: User | None = None) -> TrainingRun:
    """Ask for a training; the training worker carries it out. Raises AlreadyTraining while one is under way."""
    try:
        with transaction.atomic():
            run = TrainingRun.objects.create(method=method, requested_by=by)
    except IntegrityError:
        raise AlreadyTraining("A training is under way already; wait for it to end.") from None
    wake_on_commit("sentiment.train_pending")
    return run


def request_if_due() -> None:
    """Ask for a training once enough public texts were relabelled since the last one was asked for."""
    served = Promotion.objects.accepted().order_by("pk").first()
    if not settings.RETRAIN_AFTER or served is None:
        return
    last = TrainingRun.objects.first()
    since = last.requested_at if last else served.at
    relabelled = Label.objects.filter(source=Label.Source.ADMIN, at__gt=since, review__public=True)
    if relabelled.values("review").distinct().count() >= settings.RETRAIN_AFTER:
        try:
            request()
        except AlreadyTraining:
            return


def _under_way() -> LeasedQuerySet[TrainingRun]:
    return TrainingRun.objects.filter(state__in=[TrainingRun.State.QUEUED, TrainingRun.State.RUNNING])


def is_waiting() -> bool:
    return _under_way().unleased().exists()


@transaction.atomic
def claim() -> TrainingRun | None:
    """Take on the training that waits, or whose process died; None where there is none."""
    for died in _under_way().exhausted().select_for_update(skip_locked=True):
        finish(died, TrainingRun.State.FAILED, f"Its process died {died.attempts} times.")
    run = TrainingRun.objects.filter(pk__in=_under_way().claim(1)).first()
    if run:
        run.state, run.started_at = TrainingRun.State.RUNNING, run.started_at or timezone.now()
        run.save(update_fields=["state", "started_at"])
    return run


def finish(run: TrainingRun, state: TrainingRun.State, message: str, version: ModelVersion | None = None) -> bool:
    """Say how a training ended; False where its process has slept so long that another has taken it on, or ended it."""
    done = state == TrainingRun.State.DONE
    ended = _mine(run).update(
        state=state,
        message=message[:300],
        finished_at=Now(),
        leased_until=None,
        progress=1 if done else F("progress"),
        error="" if done else message,
        version=version,
    )
    logger.info("training %s: %s: %s", run.pk, state if ended else "another has taken it on", message)
    return bool(ended)


def _mine(run: TrainingRun) -> LeasedQuerySet[TrainingRun]:
    """Return the training where it is still ours: each process that takes it on counts one attempt more."""
    return _under_way().filter(pk=run.pk, attempts=run.attempts)


def reporter(run: TrainingRun, progress: Progress) -> Progress:
    """Return a function that reports progress to the caller at once and to the database every few seconds.

    Each word to the database renews the lease.
    """
    told = -REPORT_SECONDS

    def report(share: float, message: str) -> None:
        nonlocal told
        progress(share, message)
        if time.monotonic() - told > REPORT_SECONDS:
            told = time.monotonic()
            _mine(run).update(progress=share, message=message[:300], leased_until=Now() + run.LEASE)

    return report
