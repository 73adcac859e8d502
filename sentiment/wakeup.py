"""Waking workers by messages that carry nothing: what is to be done stands in Postgres.

Losing one costs seconds, so none waits long.
"""

import logging
import time
from functools import partial

from django.db import transaction
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from textflix.celery import app

logger = logging.getLogger(__name__)

# After a failure this process leaves the broker alone for a while: with Redis hung, only one post in five seconds pays
# for the socket's time-out. The beat sweeper finds what was not announced.
PAUSE_SECONDS = 5.0
_silent_until = 0.0


def wake_on_commit(task: str) -> None:
    """Wake a worker on commit, when what it looks for is there; whatever goes wrong then, the write has succeeded."""
    transaction.on_commit(partial(wake, task), robust=True)


def wake(task: str) -> None:
    """Send a task by name, or skip it where the broker fails: never raises, never retries."""
    global _silent_until
    if time.monotonic() < _silent_until:
        return
    try:
        app.send_task(task, retry=False, expires=60, ignore_result=True)
    except (OperationalError, RedisError, OSError) as error:
        _silent_until = time.monotonic() + PAUSE_SECONDS
        logger.warning("%s not announced: %s", task, error)
