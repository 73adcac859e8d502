"""Readers of catalogues: each yields a Film for every row that can be one and a BadRow for every other."""

import gzip
import re
import sqlite3
from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import quote

from textflix.movies.models import IMDB_ID

FIRST_YEAR, LAST_YEAR = 1870, 2100
LONGEST_RUNTIME = 30_000
LONGEST_TITLE, LONGEST_NAME, LONGEST_WORD, LONGEST_SUFFIX, LONGEST_LIST = 300, 200, 60, 5, 100_000
BROKEN = re.compile("[\0\ud800-\udfff]")
# A comma in front of these belongs to the name: "Louis Gossett, Jr." is one person.
NAME_SUFFIX = re.compile(r"(Jr|Sr|II|III|IV|PhD|Ph\.D|M\.?D|Esq)\.?", re.IGNORECASE)
IMDB_HEADER = "tconst\ttitleType\tprimaryTitle\toriginalTitle\tisAdult\tstartYear\tendYear\truntimeMinutes\tgenres"
IMDB_COLUMNS = IMDB_HEADER.split("\t")
IMDB_FILMS = {"movie", "tvMovie"}
WIKIDATA = """
    SELECT omdb.rowid AS line, imdbID AS imdb_id, Title AS title, Year AS year, omdb.Rating AS certificate,
           Runtime AS runtime, Genre AS genres, Director AS directors, Writer AS writers, "Cast" AS "cast",
           Language AS languages, Country AS countries, Metacritic AS metacritic, tomatoes.Meter AS tomatometer,
           tomatoes.BoxOffice AS box_office
    FROM omdb LEFT JOIN tomatoes USING (ID) ORDER BY omdb.rowid
"""


class NotACatalogue(Exception):
    """A file cannot be read as a catalogue; the message says where and why."""


@dataclass(frozen=True)
class Film:
    """A film as a catalogue's row has it. None and empty mean that the catalogue does not say."""

    line: int
    imdb_id: str
    title: str
    year: int | None = None
    runtime: int | None = None
    certificate: str = ""
    genres: tuple[str, ...] = ()
    directors: tuple[str, ...] = ()
    writers: tuple[str, ...] = ()
    cast: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    tomatometer: int | None = None
    metacritic: int | None = None
    box_office: int | None = None


@dataclass(frozen=True)
class BadRow:
    line: int
    reason: str


def wikidata_path() -> Path:
    """Return the path of the films of Wikidata that the package bokeh_sampledata brings along."""
    try:
        return Path(str(resources.files("bokeh_sampledata") / "_data" / "movies.db"))
    except ModuleNotFoundError as error:
        raise NotACatalogue("The package bokeh_sampledata is not installed: it holds the catalogue.") from error


def read_wikidata(path: Path) -> Generator[Film | BadRow]:
    """Read the tables omdb and tomatoes of movies.db; raises NotACatalogue."""
    if not path.is_file():
        raise NotACatalogue(f"{path}: no such file.")
    try:
        with closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)) as database:
            # Broken text is one row's fault: it must not end the reading.
            database.text_factory = lambda raw: raw.decode(errors="surrogateescape")
            database.row_factory = sqlite3.Row
            for row in database.execute(WIKIDATA):
                yield _film(**dict(row))
    except sqlite3.Error as error:
        raise NotACatalogue(f"{path}: not a database with the tables omdb and tomatoes ({error}).") from error


def read_imdb(path: Path) -> Generator[Film | BadRow]:
    """Read the films of a file like title.basics.tsv, plain or gzipped, without adult ones; raises NotACatalogue."""
    line = 1
    try:
        with _opened(path) as file:
            if file.readline(1_000).rstrip(b"\r\n") != IMDB_HEADER.encode():
                raise NotACatalogue(f"{path}, line 1: the columns of IMDb's title.basics.tsv were expected.")
            for line, raw in enumerate(file, start=2):
                if (row := _imdb_row(line, raw)) is not None:
                    yield row
    except FileNotFoundError as error:
        raise NotACatalogue(f"{path}: no such file.") from error
    except (OSError, EOFError) as error:
        raise NotACatalogue(f"{path}, after line {line}: cannot be read further ({error}).") from error


def _opened(path: Path) -> BinaryIO:
    with path.open("rb") as file:
        zipped = file.read(2) == b"\x1f\x8b"
    return gzip.open(path) if zipped else path.open("rb")  # type: ignore[return-value]


def _imdb_row(line: int, raw: bytes) -> Film | BadRow | None:
    cells = raw.decode(errors="surrogateescape").rstrip("\r\n").split("\t")
    values = [None if cell == r"\N" else cell for cell in cells]
    if len(values) != len(IMDB_COLUMNS):
        return BadRow(line, f"{len(values)} columns instead of {len(IMDB_COLUMNS)}")
    row = dict(zip(IMDB_COLUMNS, values, strict=True))
    if row["titleType"] not in IMDB_FILMS or row["isAdult"] == "1":
        return None
    return _film(
        line,
        imdb_id=row["tconst"],
        title=row["primaryTitle"],
        year=row["startYear"],
        runtime=row["runtimeMinutes"],
        genres=row["genres"],
    )


def _film(
    line: int,
    imdb_id: str | None,
    title: str | None,
    *,
    year: Any = None,
    runtime: Any = None,
    certificate: str | None = None,
    genres: str | None = None,
    directors: str | None = None,
    writers: str | None = None,
    cast: str | None = None,
    languages: str | None = None,
    countries: str | None = None,
    tomatometer: Any = None,
    metacritic: Any = None,
    box_office: Any = None,
) -> Film | BadRow:
    try:
        if not re.fullmatch(IMDB_ID, imdb_id or ""):
            raise ValueError(f"“{_shown(imdb_id)}” is no IMDb id")
        return Film(
            line=line,
            imdb_id=str(imdb_id),
            title=_text("title", title, LONGEST_TITLE, needed=True),
            year=_number("year", year, FIRST_YEAR, LAST_YEAR),
            runtime=_number("runtime", runtime, 1, LONGEST_RUNTIME),
            certificate=_text("certificate", certificate, 20),
            genres=_list("genre", genres, LONGEST_WORD),
            directors=_list("director", directors, LONGEST_NAME),
            writers=_list("writer", writers, LONGEST_NAME),
            cast=_list("cast", cast, LONGEST_NAME),
            languages=_list("language", languages, LONGEST_WORD),
            countries=_list("country", countries, LONGEST_WORD),
            tomatometer=_number("Tomatometer", tomatometer, 0, 100),
            metacritic=_number("Metacritic", metacritic, 0, 100),
            box_office=_number("box office", box_office, 0, 10**12),
        )
    except ValueError as error:
        return BadRow(line, str(error))


def _text(name: str, value: Any, longest: int, *, needed: bool = False) -> str:
    text = " ".join(str(value or "").split())
    if BROKEN.search(text):
        raise ValueError(f"the {name} is not valid UTF-8 text")
    if len(text) > longest:
        raise ValueError(f"the {name} has {len(text)} characters")
    if needed and not text:
        raise ValueError(f"no {name}")
    return text


def _number(name: str, value: Any, least: int, most: int) -> int | None:
    if value in (None, ""):
        return None
    try:
        number = round(float(value))
    except (ValueError, OverflowError):
        number = None
    if number is None or not least <= number <= most:
        raise ValueError(f"the {name} “{_shown(value)}” is impossible")
    return number


def _list(name: str, text: str | None, longest: int) -> tuple[str, ...]:
    """Return the parts between commas, each once, in their order."""
    parts: list[str] = []
    for part in map(str.strip, _text(name, text, LONGEST_LIST).split(",")):
        if parts and len(part) <= LONGEST_SUFFIX and NAME_SUFFIX.fullmatch(part):
            parts[-1] += f" {part}"
        elif part:
            parts.append(part)
    length = max(map(len, parts), default=0)
    if length > longest:
        raise ValueError(f"a {name} has {length} characters")
    return tuple(dict.fromkeys(parts))


def _shown(value: Any) -> str:
    """Return a value made safe for a terminal, whatever its bytes, and short."""
    return ascii(str(value))[1:-1][:40]
