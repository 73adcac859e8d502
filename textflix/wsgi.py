import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "textflix.settings")
# A page that takes longer than this helps nobody; commands and workers set their own bounds. Who waits for a row that
# another holds is told so before they leave, and a process that stands still holds none for long.
os.environ.setdefault("DATABASE_STATEMENT_TIMEOUT", "5s")
os.environ.setdefault("DATABASE_LOCK_TIMEOUT", "2s")
os.environ.setdefault("DATABASE_IDLE_TIMEOUT", "10s")

django.setup(set_prefix=False)

from textflix.handler import Handler  # noqa: E402  settings must be there first

application = Handler()
