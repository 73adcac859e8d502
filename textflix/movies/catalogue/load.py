"""Loading a catalogue: films are added or brought up to date, none is ever removed, and what hangs on them stays."""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from django.db import connection, transaction
from tqdm import tqdm

from textflix.movies.catalogue import files
from textflix.movies.catalogue.files import BadRow, Film, NotACatalogue
from textflix.movies.catalogue.store import store

CHUNK = 1_000
SOURCES = {"wikidata": files.read_wikidata, "imdb": files.read_imdb}

Report = Callable[[str], object]


@dataclass
class Imported:
    """How many films were added, changed or already so, and how many rows were skipped."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    skipped: int = 0

    @property
    def films(self) -> int:
        return self.added + self.changed + self.unchanged


def import_catalogue(
    source: str = "wikidata", path: Path | None = None, report: Report = lambda message: None
) -> Imported:
    """Load a catalogue, a transaction per chunk; bad rows are reported and skipped. Raises NotACatalogue."""
    path = path or files.wikidata_path()
    result = Imported()
    # Closed here: a reader that is left in the middle would keep its file open for as long as the error is held.
    with (
        closing(SOURCES[source](path)) as reader,
        tqdm(reader, "Films", unit=" films", file=sys.stderr, disable=None, mininterval=0.5) as rows,
    ):
        films = _films(rows, result, report)
        while chunk := list(islice(films, CHUNK)):
            with transaction.atomic():
                added, changed = store(chunk)
            result.added += added
            result.changed += changed
            result.unchanged += len(chunk) - added - changed
    if not result.films:
        raise NotACatalogue(f"{path}: none of its {result.skipped} rows is a film.")
    if result.added or result.changed:
        _tidy()
    return result


def _films(rows: Iterable[Film | BadRow], result: Imported, report: Report) -> Iterator[Film]:
    """Yield the rows that are films, each IMDb id once: the first row stays."""
    lines: dict[str, int] = {}
    for row in rows:
        if isinstance(row, Film) and row.imdb_id in lines:
            row = BadRow(row.line, f"{row.imdb_id} is in line {lines[row.imdb_id]} already")
        if isinstance(row, BadRow):
            result.skipped += 1
            report(f"line {row.line}: {row.reason}: skipped")
        else:
            lines[row.imdb_id] = row.line
            yield row


def _tidy() -> None:
    """Tidy the search indexes and the statistics of films, as autovacuum would do some minutes later.

    Until then every search would be slow, and every plan a guess.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT gin_clean_pending_list(pg_class.oid) FROM pg_class JOIN pg_am ON pg_am.oid = relam"
            " JOIN pg_index ON indexrelid = pg_class.oid WHERE amname = 'gin' AND indrelid = 'movies_movie'::regclass"
        )
        cursor.execute("ANALYZE movies_movie, movies_movie_genres, movies_person, movies_credit")
