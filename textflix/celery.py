"""The one Celery app. Redis carries wake-ups only; what needs doing is read from Postgres."""

import os
import warnings
from typing import Any

from celery import Celery, signals
from celery.exceptions import SecurityWarning

from textflix.running import heartbeat

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "textflix.settings")
# Where this module comes first, the process is a worker or beat; a page or a command has its settings by now.
os.environ.setdefault("DATABASE_STATEMENT_TIMEOUT", "30s")
# Shorter than a lease: who waits for a film, or stands still while holding one, must not make others wait for ever.
os.environ.setdefault("DATABASE_LOCK_TIMEOUT", "5s")
os.environ.setdefault("DATABASE_IDLE_TIMEOUT", "10s")
# It warns root of pickled messages; only JSON is accepted here.
warnings.filterwarnings("ignore", category=SecurityWarning)

app = Celery("textflix")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@signals.worker_init.connect
@signals.beat_init.connect
def give_signs_of_life(**_: Any) -> None:
    """Begin the heartbeat that the runner listens for."""
    if heart := heartbeat.wanted():
        heart.start()
        signals.task_prerun.connect(heart.task_begins, weak=False)
        signals.task_postrun.connect(heart.task_ends, weak=False)
