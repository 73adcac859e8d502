"""Keyset pagination: a page begins after the last row of the one before, whatever was added in between.

Every page costs the same, where OFFSET reads all that it skips, and shows rows twice when others come in.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from django.core.signing import BadSignature, Signer
from django.db.models import Model, Q, QuerySet
from django.http import Http404

Row = TypeVar("Row", bound=Model)
EVERY = Q()


@dataclass(frozen=True)
class Part:
    """Rows that share an order: by these columns, "-" for descending, none of them null, the last one unique.

    Columns that can be null are dealt with by two parts, so that each part's order is one an index can have.
    """

    keys: tuple[str, ...]
    where: Q = EVERY

    def after(self, values: list[Any]) -> Q:
        """Return the condition on rows after (a, b, …).

        They are beyond in the first column, or equal there and beyond in the second, and so on.
        """
        beyond, equal = Q(pk__in=[]), Q()
        for key, value in zip(self.keys, values, strict=True):
            path = key.removeprefix("-")
            beyond |= equal & Q(**{f"{path}__{'lt' if key.startswith('-') else 'gt'}": value})
            equal &= Q(**{path: value})
        return beyond

    def values(self, row: Model) -> list[Any]:
        return [_value(row, key.removeprefix("-")) for key in self.keys]


@dataclass(frozen=True)
class Page(Generic[Row]):
    """Some rows in order; `next` is the cursor to go on with, and empty at the end."""

    rows: list[Row]
    next: str
    is_first: bool

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)


class Keyset:
    """A total order of rows: one part after the other. Cursors are signed, so that none but its own are followed."""

    def __init__(self, name: str, *parts: Part) -> None:
        self.parts = parts
        # The columns are in it: an address from before they changed is refused, not misread.
        self.signer = Signer(salt=f"keyset:{name}:{[part.keys for part in parts]}")

    def page(self, rows: "QuerySet[Row]", cursor: str, size: int) -> "Page[Row]":
        """The page after this cursor, the first one where it is empty. Raises Http404 for a cursor that is not ours."""
        number, *values = self._read(cursor) if cursor else [0]
        found: list[tuple[int, Row]] = []
        for at in range(number, len(self.parts)):
            part = self.parts[at]
            later = part.after(values) if values and at == number else EVERY
            in_order = rows.filter(part.where, later).order_by(*part.keys)
            found += [(at, row) for row in in_order[: size + 1 - len(found)]]
            if len(found) > size:
                break
        more = self._cursor(*found[size - 1]) if len(found) > size else ""
        return Page([row for _, row in found[:size]], more, is_first=not cursor)

    def _cursor(self, at: int, row: Model) -> str:
        return self.signer.sign_object([at, *self.parts[at].values(row)])

    def _read(self, cursor: str) -> list[Any]:
        try:
            return list(self.signer.unsign_object(cursor))
        except BadSignature as error:
            raise Http404("This page's address is damaged.") from error


def _value(row: Model, path: str) -> Any:
    value: Any = row
    for name in path.split("__"):
        value = getattr(value, name)
    return value.isoformat() if isinstance(value, datetime) else value
