"""Rows that only repeat, in a form that is quick to read, what other rows say: brought up to date, and proved so.

They are computed anew from those rows and never counted up or down, so that no lost or doubled step can leave them off.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property

from django.db import connection


@dataclass(frozen=True)
class Derived:
    """A table, or some columns of one, and the SELECT that says what should stand there.

    `key` is what a row is known by, first of all the id of what it belongs to, by which `refresh` is asked. `select`
    makes the SELECT of key and columns for a condition on `source`, that id where it comes from. `every` is the
    condition that picks all. Rows come and go with what is derived, unless they `stay`: then somebody else makes and
    removes them, and only these columns are derived.
    """

    table: str
    key: tuple[str, ...]
    columns: tuple[str, ...]
    select: Callable[[str], str]
    source: str
    every: str = "true"
    stay: bool = False

    def refresh(self, ids: Iterable[int]) -> None:
        """Make the rows of these ids what they should be; what is so already stays untouched.

        The caller holds locks that keep others from changing what is read, and from doing the same.
        """
        with connection.cursor() as cursor:
            cursor.execute(self._refresh, {"ids": list(ids)})

    def differences(self) -> list[int]:
        """Return the ids of which a row is not what it should be, is missing, or should not be there."""
        with connection.cursor() as cursor:
            cursor.execute(self._differences)
            return [row[0] for row in cursor.fetchall()]

    @cached_property
    def _refresh(self) -> str:
        now = self.select(f"{self.source} = ANY(%(ids)s)")
        differs = f"({self._of('stored')}) IS DISTINCT FROM"
        if self.stay:
            # Materialized, because a planner that takes the tables for empty would compute it anew for each stored row.
            return f"""
                WITH now AS MATERIALIZED ({now})
                UPDATE {self.table} AS stored SET {self._assigned("now")} FROM now
                WHERE {self._same} AND {differs} ({self._of("now")})
            """  # noqa: S608  declared, not given by anybody
        names = ", ".join((*self.key, *self.columns))
        return f"""
            WITH now AS ({now}), gone AS (
                DELETE FROM {self.table} AS stored
                WHERE {self.key[0]} = ANY(%(ids)s) AND NOT EXISTS (SELECT 1 FROM now WHERE {self._same})
            )
            INSERT INTO {self.table} AS stored ({names}) SELECT {names} FROM now
            ON CONFLICT ({", ".join(self.key)}) DO UPDATE SET {self._assigned("EXCLUDED")}
            WHERE {differs} ({self._of("EXCLUDED")})
        """  # noqa: S608  declared, not given by anybody

    @cached_property
    def _differences(self) -> str:
        return f"""
            SELECT DISTINCT COALESCE(now.{self.key[0]}, stored.{self.key[0]}) AS id
            FROM ({self.select(self.every)}) AS now FULL JOIN {self.table} AS stored ON {self._same}
            WHERE ({self._of("now")}) IS DISTINCT FROM ({self._of("stored")})
            ORDER BY id
        """  # noqa: S608  declared, not given by anybody

    @property
    def _same(self) -> str:
        return " AND ".join(f"now.{name} = stored.{name}" for name in self.key)

    def _of(self, row: str) -> str:
        return ", ".join(f"{row}.{name}" for name in self.columns)

    def _assigned(self, row: str) -> str:
        return ", ".join(f"{name} = {row}.{name}" for name in self.columns)
