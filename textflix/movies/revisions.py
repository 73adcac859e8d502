"""How often what pages show has changed: of one film, or of all films together.

A page that was made at a revision is right for as long as that is the present one. Whoever changes what reviews say of
films calls `moved()` in the same transaction; facts of films and members are noticed by the database's own triggers.
"""

from collections.abc import Iterable
from typing import Any, Final

from django.db import connection
from django.db.models import BigIntegerField, F, Func
from django.http import HttpRequest

from textflix.movies.models import Movie

FACTS: Final = -1
LISTS: Final = 0
OF_FILM: Final = Func(F("pk"), function="revision_of", output_field=BigIntegerField())
"""The revision of a film's page, for a query set of films: read before what is shown, it is never too new."""


def moved(films: Iterable[int] = ()) -> None:
    """Say, in the transaction that changes them, that these films' pages show something else, and so do all lists.

    Rows are added and none is changed, so that nobody waits: a film's writers hold that film, and no other.
    """
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO movies_change (scope) SELECT unnest(%s::bigint[])", [[LISTS, *sorted(set(films))]])


def of_lists() -> int:
    """Return the revision of pages that show several films."""
    return _revision_of(LISTS)


def of_facts() -> int:
    """Return the revision of what rarely changes: facts of films, members and versions."""
    return _revision_of(FACTS)


def _revision_of(scope: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT revision_of(%s)", [scope])
        return int(cursor.fetchone()[0])


def of_lists_unless_searched(request: HttpRequest) -> int | None:
    """Return the revision of lists, and None for a search: hardly anybody asks for the same words again."""
    return None if request.GET.get("q") else of_lists()


def of_film(**film: Any) -> int | None:
    """Return the revision of the one film that these conditions find; None where there is none."""
    return Movie.objects.filter(**film).values_list(OF_FILM, flat=True).first()


def add_up() -> None:
    """Add the changes so far to their totals, in one step: revisions stay what they are, and quick to read."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH added AS (DELETE FROM movies_change RETURNING scope)
            INSERT INTO movies_revision AS revision (scope, total) SELECT scope, COUNT(*) FROM added GROUP BY scope
            ORDER BY scope ON CONFLICT (scope) DO UPDATE SET total = revision.total + EXCLUDED.total
            """
        )
