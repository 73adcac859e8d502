"""The numbers that the environment may set for the site's processes, and what they are where it does not."""

from __future__ import annotations

import os

from textflix.running.children import Failure

DEFAULTS = {"PORT": 8000, "WEB_CONCURRENCY": 1, "WEB_THREADS": 8, "HANG_PATIENCE": 90}


def number(name: str) -> int:
    text = os.environ.get(name) or str(DEFAULTS[name])
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 65536:
        raise Failure(f"{name} must be a whole number from 1 to 65535, not {text!r}.")
    return int(text)


def check_numbers() -> None:
    """Raise Failure where one is senseless, before anything is started that would stumble over it."""
    for name in DEFAULTS:
        number(name)
