"""Bringing a chunk of films into the database: what differs from the stored films is written, nothing else.

A fact that a catalogue does not state leaves what another one said. Slugs are addresses: they are given once and kept.
"""

from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.db import connection
from django.utils.text import slugify

from textflix.movies.catalogue.files import Film
from textflix.movies.models import Credit, Genre, Movie

FACTS = ["title", "year", "runtime", "certificate", "languages", "countries", "tomatometer", "metacritic", "box_office"]
LONGEST_BASE = 100
# Letters that Unicode does not take apart into a plain one and its accent.
LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "ß": "ss"})


@dataclass(frozen=True)
class Entry:
    """All that a catalogue can say about a film, comparable: names by role in their order, and genres by slug."""

    facts: dict[str, Any]
    credits: dict[str, list[str]]
    genres: frozenset[str]
    slug: str = ""
    listed: bool = False

    def updated(self, film: Film, slug: str) -> "Entry":
        stated = {name: _plain(getattr(film, name)) for name in FACTS}
        credits = {Credit.Role.DIRECTOR: film.directors, Credit.Role.WRITER: film.writers, Credit.Role.CAST: film.cast}
        return Entry(
            self.facts | {name: value for name, value in stated.items() if value not in (None, "", [])},
            self.credits | {role.value: list(names) for role, names in credits.items() if names},
            frozenset(_by_slug(film)) or self.genres,
            slug,
            listed=True,
        )


NOTHING = Entry({}, {}, frozenset())


def store(films: list[Film]) -> tuple[int, int]:
    """Write what is new or differs; returns how many films were added and changed. The caller holds the transaction."""
    stored = _stored([film.imdb_id for film in films])
    slugs = _slugs([film for film in films if not stored.get(film.imdb_id, NOTHING).listed])
    wanted = {}
    for film in films:
        before = stored.get(film.imdb_id, NOTHING)
        wanted[film.imdb_id] = before.updated(film, slugs.get(film.imdb_id, before.slug))
    changed = {name: entry for name, entry in wanted.items() if entry != stored.get(name)}
    movies = _write_movies(changed)
    _write_credits({movies[n]: e.credits for n, e in changed.items() if e.credits != stored.get(n, NOTHING).credits})
    _write_genres(
        {movies[n]: e.genres for n, e in changed.items() if e.genres != stored.get(n, NOTHING).genres},
        {slug: name for film in films for slug, name in _by_slug(film).items()},
    )
    added = len(changed.keys() - stored.keys())
    return added, len(changed) - added


def _stored(imdb_ids: list[str]) -> dict[str, Entry]:
    rows = list(Movie.objects.filter(imdb_id__in=imdb_ids).values("pk", "imdb_id", "slug", "listed", *FACTS))
    pks = [row["pk"] for row in rows]
    credits: dict[int, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    in_order = Credit.objects.filter(movie__in=pks).order_by("movie", "position")
    for movie, role, name in in_order.values_list("movie", "role", "person__name"):
        credits[movie][role].append(name)
    genres: dict[int, set[str]] = defaultdict(set)
    for movie, slug in Genre.objects.filter(movies__in=pks).order_by().values_list("movies", "slug"):
        genres[movie].add(slug)
    return {
        row["imdb_id"]: Entry(
            {name: row[name] for name in FACTS},
            dict(credits[row["pk"]]),
            frozenset(genres[row["pk"]]),
            row["slug"],
            row["listed"],
        )
        for row in rows
    }


def _slugs(films: list[Film]) -> dict[str, str]:
    """Return each film's slug: title and year, and also the IMDb id where those are another film's already."""
    bases = {film.imdb_id: _slug_base(film) for film in films}
    taken = set(Movie.objects.filter(slug__in=bases.values()).values_list("slug", flat=True))
    slugs = {}
    for imdb_id, base in bases.items():
        slugs[imdb_id] = f"{base}-{imdb_id}" if base in taken else base
        taken.add(base)
    return slugs


def _slug_base(film: Film) -> str:
    title = slugify(film.title.lower().translate(LETTERS))[:LONGEST_BASE].strip("-") or "film"
    return f"{title}-{film.year}" if film.year else title


def _write_movies(entries: dict[str, Entry]) -> dict[str, int]:
    movies = Movie.objects.bulk_create(
        [
            Movie(imdb_id=imdb_id, slug=entry.slug, listed=True, names=_names(entry.credits), **entry.facts)
            for imdb_id, entry in entries.items()
        ],
        update_conflicts=True,
        unique_fields=["imdb_id"],
        update_fields=["slug", "listed", "names", *FACTS],
    )
    return {movie.imdb_id: movie.pk for movie in movies}


def _names(credits: dict[str, list[str]]) -> str:
    return ", ".join(dict.fromkeys(name for role in sorted(credits, reverse=True) for name in credits[role]))


def _write_credits(credits: dict[int, dict[str, list[str]]]) -> None:
    rows = [
        (movie, role, position, name)
        for movie, roles in credits.items()
        for role, names in roles.items()
        for position, name in enumerate(names, start=1)
    ]
    Credit.objects.filter(movie__in=credits).delete()
    _execute(
        "INSERT INTO movies_person (name) SELECT DISTINCT name FROM UNNEST(%s::text[]) AS given (name)"
        " WHERE NOT EXISTS (SELECT FROM movies_person AS known WHERE known.name = given.name)"
        " ORDER BY name ON CONFLICT DO NOTHING",
        [(name,) for *_, name in rows],
    )
    _execute(
        "INSERT INTO movies_credit (movie_id, role, position, person_id) SELECT movie, role, position, movies_person.id"
        " FROM UNNEST(%s::bigint[], %s::text[], %s::int[], %s::text[]) AS given (movie, role, position, name)"
        " JOIN movies_person USING (name)",
        rows,
    )


def _write_genres(genres: dict[int, frozenset[str]], names: dict[str, str]) -> None:
    Genre.objects.bulk_create([Genre(name=names[slug], slug=slug) for slug in sorted(names)], ignore_conflicts=True)
    Movie.genres.through.objects.filter(movie__in=genres).delete()
    _execute(
        "INSERT INTO movies_movie_genres (movie_id, genre_id) SELECT movie, movies_genre.id"
        " FROM UNNEST(%s::bigint[], %s::text[]) AS given (movie, slug) JOIN movies_genre USING (slug)",
        [(movie, slug) for movie, slugs in genres.items() for slug in slugs],
    )


def _by_slug(film: Film) -> dict[str, str]:
    """Return a film's genres as {slug: name}: one is known by its slug, however a catalogue spells it."""
    return {slug: name for name in film.genres if (slug := _slug(name))}


@lru_cache(1000)
def _slug(genre: str) -> str:
    return slugify(genre)


def _execute(statement: str, rows: list[tuple[Any, ...]]) -> None:
    """Execute one statement for all rows, given as columns: model objects would cost more than the database does."""
    if rows:
        with connection.cursor() as cursor:
            cursor.execute(statement, [list(column) for column in zip(*rows, strict=True)])


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
