"""Saying how this worker reads, in the database, where pages look: they ask neither workers nor the broker."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta

from django.db import Error
from django.db.models.functions import Now

from sentiment.models import ScoringWorker
from sentiment.worker.giving_back import sound_connection
from sentiment.worker.scorers import Broken, reason_of

FORGOTTEN = timedelta(hours=1)


@contextmanager
def heartbeat() -> Iterator[ScoringWorker]:
    """Tell at the end of a stretch of work how it went: what it says of the worker is kept, and what it raises."""
    worker = ScoringWorker(name=_name(), seen_at=Now())
    try:
        yield worker
    except Exception as error:
        worker.version = None if isinstance(error, Broken) else worker.version
        worker.error = reason_of(error)
        with suppress(Error):
            _tell(worker)
        raise
    _tell(worker)


def _tell(worker: ScoringWorker) -> None:
    sound_connection()
    ScoringWorker.objects.bulk_create(
        [worker], update_conflicts=True, unique_fields=["name"], update_fields=["seen_at", "version", "error"]
    )


def still_here() -> None:
    """Say no more than that this worker is there, before what may take long; what it last told of itself stands."""
    ScoringWorker.objects.filter(name=_name()).update(seen_at=Now())


def _name() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"


def forget_silent() -> int:
    """Delete what workers said that are gone."""
    return ScoringWorker.objects.filter(seen_at__lt=Now() - FORGOTTEN).delete()[0]
