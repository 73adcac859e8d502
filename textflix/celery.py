"""The one Celery app. Redis carries wake-ups only; what needs doing is read from Postgres."""

import os
import warnings

from celery import Celery
from celery.exceptions import SecurityWarning

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
