"""Saying how this worker reads, in the database, where pages look: they ask neither workers nor the broker."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta

from django.db import DatabaseError, InterfaceError, connection
from django.db.models.functions import Now

from sentiment.models import ScoringWorker
from sentiment.worker.scorers import Broken

FORGOTTEN = timedelta(hours=1)


@contextmanager
def heartbeat() -> Iterator[ScoringWorker]:
    """Tell at the end of a stretch of work how it went: what it says of the worker is kept, and what it raises."""
    worker = ScoringWorker(name=f"{socket.gethostname()}:{os.getpid()}", seen_at=Now())
    try:
        yield worker
    except Exception as error:
        worker.version = None if isinstance(error, Broken) else worker.version
        worker.error = (str(error) if isinstance(error, Broken) else f"{type(error).__name__}: {error}")[:2000]
        with suppress(DatabaseError, InterfaceError):
            _tell(worker)
        raise
    _tell(worker)


def _tell(worker: ScoringWorker) -> None:
    # What failed may have been the connection itself.
    if not connection.in_atomic_block:
        connection.close_if_unusable_or_obsolete()
    ScoringWorker.objects.bulk_create(
        [worker], update_conflicts=True, unique_fields=["name"], update_fields=["seen_at", "version", "error"]
    )


def forget_silent() -> int:
    """Delete what workers said that are gone."""
    return ScoringWorker.objects.filter(seen_at__lt=Now() - FORGOTTEN).delete()[0]
