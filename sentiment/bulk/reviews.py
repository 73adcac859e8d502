"""Reviews in bulk: demo corpus, research archives, files. Each chunk is a transaction; running twice adds nothing."""

import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from django.db import connection
from django.db.backends.utils import CursorWrapper

from textflix.movies.models import Movie
from textflix.reviews.changes import changing

CHUNK = 2_000


@dataclass(frozen=True)
class Row:
    """A review to be imported. `stars` are half stars, 1 to 10."""

    imdb_id: str
    external_id: str
    text: str
    stars: int | None = None
    label: str | None = None
    author_id: int | None = None
    written_at: datetime | None = None


@dataclass
class Tally:
    read: int = 0
    imported: int = 0
    known: int = 0
    unknown_films: int = 0


def import_rows(
    rows: Iterable[Row],
    *,
    source: str,
    label_source: str,
    create_missing: bool = False,
    progress: Callable[[int], object] = lambda count: None,
) -> Tally:
    """Import what is not there yet, chunk by chunk; `progress` is told how many rows each chunk held."""
    tally, remaining = Tally(), iter(rows)
    films = dict(Movie.objects.values_list("imdb_id", "pk"))
    while chunk := list(islice(remaining, CHUNK)):
        with changing(awaited=False) as changes:
            if create_missing:
                films |= _untitled({row.imdb_id for row in chunk} - films.keys())
            wanted = [row for row in chunk if row.imdb_id in films]
            new = _insert(wanted, films, source=source, label_source=label_source)
            changes.reviews.update(new)
        tally.read += len(chunk)
        tally.unknown_films += len(chunk) - len(wanted)
        tally.imported += len(new)
        tally.known += len(wanted) - len(new)
        progress(len(chunk))
    return tally


def _untitled(imdb_ids: Iterable[str]) -> dict[str, int]:
    """Add films that are known only by their id; returns {IMDb id: id}. They hold reviews, and stay out of browse."""
    films = [Movie(imdb_id=name, slug=name, title=name, listed=False) for name in sorted(imdb_ids)]
    Movie.objects.bulk_create(films, ignore_conflicts=True)
    return dict(Movie.objects.filter(imdb_id__in=imdb_ids).values_list("imdb_id", "pk"))


def _insert(rows: Sequence[Row], films: dict[str, int], *, source: str, label_source: str) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            CREATE TEMPORARY TABLE incoming (
                movie_id bigint, external_id text, text text, stars smallint, label text,
                author_id bigint, written_at timestamptz
            ) ON COMMIT DROP
            """
        )
        _copy(
            cursor,
            ((films[r.imdb_id], r.external_id, r.text, r.stars, r.label, r.author_id, r.written_at) for r in rows),
        )
        cursor.execute(
            """
            INSERT INTO reviews_review
                (movie_id, author_id, text, stars, written_at, received_at, source, external_id)
            SELECT movie_id, author_id, text, stars, written_at, now(), %(source)s, external_id
            FROM incoming
            ON CONFLICT DO NOTHING
            RETURNING id
            """,
            {"source": source},
        )
        new = [row[0] for row in cursor.fetchall()]
        cursor.execute(
            """
            INSERT INTO sentiment_label (review_id, digest, text, value, source, at)
            SELECT review.id, review.digest, review.text, incoming.label, %(label_source)s, now()
            FROM reviews_review AS review
            JOIN incoming ON incoming.external_id = review.external_id AND review.source = %(source)s
            WHERE review.id = ANY(%(new)s) AND incoming.label IS NOT NULL
            ORDER BY review.id
            """,
            {"source": source, "label_source": label_source, "new": new},
        )
        cursor.execute("DROP TABLE incoming")
    return new


def _copy(cursor: CursorWrapper, rows: Iterable[tuple[object, ...]]) -> None:
    lines = io.StringIO()
    for row in rows:
        lines.write("\t".join(r"\N" if value is None else _escape(str(value)) for value in row) + "\n")
    lines.seek(0)
    cursor.copy_expert("COPY incoming FROM STDIN", lines)


def _escape(value: str) -> str:
    """Escape a value for Postgres' text format for COPY: https://www.postgresql.org/docs/18/sql-copy.html"""
    return value.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")
