"""Giving back what was claimed and could not be written through no fault of its own: at once or, while the database is
away, as soon as it is back."""

from collections.abc import Collection
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from django.db import Error, connection

from textflix.leased import Leased

REST = timedelta(seconds=10)
"""So long, and up to twice as long, what could not be written rests: with one film locked, others come first."""
OF_THE_DATA = ("22", "23", "54")
"""The classes of PostgreSQL's errors that say what was to be written is wrong: data, integrity, limits."""
_owed: list[tuple[type[Leased], Collection[Any], datetime | None]] = []


def is_of_the_data(error: Error) -> bool:
    """Return whether an error is about what was to be written, not about the database that was to take it."""
    return str(getattr(error.__cause__, "pgcode", None) or "")[:2] in OF_THE_DATA


def give_back(model: type[Leased], keys: Collection[Any], until: datetime | None) -> None:
    """Give rows back that were leased until then; never raises."""
    _owed.append((model, keys, until))
    with suppress(Error):
        give_back_owed()


def give_back_owed() -> None:
    """Give back what could not be given back while the database was away."""
    while _owed:
        sound_connection()
        model, keys, until = _owed[-1]
        model.objects.held(keys, until).give_back(REST)
        _owed.pop()


def sound_connection() -> None:
    """Close the connection where that is what failed, and no transaction is open: the next query opens another."""
    if not connection.in_atomic_block:
        connection.close_if_unusable_or_obsolete()
