"""Faults of the database, made by the database itself."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

FULL = "RAISE EXCEPTION 'could not extend file' USING ERRCODE = 'disk_full'"


@contextmanager
def failing(table: str, event: str, action: str, when: str = "true") -> Iterator[None]:
    """Writes to a table fail in the database itself, as long as this lasts."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"CREATE FUNCTION fails_{event}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            f" IF {when} THEN {action}; END IF; RETURN NEW; END $$"
        )
        cursor.execute(f"CREATE TRIGGER fails BEFORE {event} ON {table} FOR EACH ROW EXECUTE FUNCTION fails_{event}()")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"DROP FUNCTION fails_{event}() CASCADE")
