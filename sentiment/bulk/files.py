"""Reviews out of the official archive, an extracted folder, JSON lines or CSV. A bad line is named by its number."""

import csv
import hashlib
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from sentiment.bulk.reviews import Row
from sentiment.core.corpus.aclimdb import read_aclimdb
from sentiment.core.corpus.data import DataError
from sentiment.core.labels import LABELS
from textflix.movies.catalogue.files import BROKEN
from textflix.movies.models import IMDB_ID
from textflix.reviews.models import Review
from textflix.reviews.ratings import in_half_stars


class ReadError(ValueError):
    """The input cannot be read; the message names the file and, where there is one, the line."""


_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)


def aclimdb(path: Path) -> Iterator[Row]:
    """Read the Large Movie Review Dataset: an archive, or the folder it unpacks to. Its stars are halved."""
    try:
        for example in read_aclimdb(path):
            text = "\n".join(map(str.strip, _BREAK.split(example.text))).strip().replace("\n\n\n", "\n\n")
            label = None if example.label is None else LABELS[example.label]
            if not re.fullmatch(IMDB_ID, example.group):
                raise ReadError(f"{path}: {example.identity} is of {example.group}, which is no IMDb id.")
            stars = None if example.stars is None else in_half_stars(example.stars)
            yield Row(example.group, example.identity, text, stars, label)
    except DataError as error:
        raise ReadError(str(error)) from None


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ReadError(f"{path}: {error}") from None


def jsonl(path: Path) -> Iterator[Row]:
    """Read one JSON object a line: imdb_id, text, and where known external_id, stars (0.5 to 5) and label."""
    for number, line in enumerate(io.StringIO(_text(path)), 1):
        if line.strip():
            try:
                record = json.loads(line)
            except ValueError as error:
                raise ReadError(f"{path}, line {number}: not JSON: {error}") from None
            if not isinstance(record, dict):
                raise ReadError(f"{path}, line {number}: not a JSON object.")
            yield file_row(record, path, number)


def csv_file(path: Path) -> Iterator[Row]:
    """Read a CSV file with a header: imdb_id and text, and where known external_id, stars (0.5 to 5) and label."""
    reader = csv.DictReader(io.StringIO(_text(path), newline=""), strict=True)
    if missing := {"imdb_id", "text"} - set(reader.fieldnames or ()):
        raise ReadError(f"{path}, line 1: the header has no column {', '.join(sorted(missing))}.")
    try:
        for record in reader:
            yield file_row(record, path, reader.line_num)
    except csv.Error as error:
        raise ReadError(f"{path}, line {reader.line_num}: {error}") from None


def file_row(record: dict[str, Any], path: Path, number: int) -> Row:
    """Check one record; anything wrong is a ReadError that names the line."""

    def bad(what: str) -> ReadError:
        return ReadError(f"{path}, line {number}: {what}")

    imdb_id, text, label = record.get("imdb_id"), record.get("text"), record.get("label") or None
    if not isinstance(imdb_id, str) or not re.fullmatch(IMDB_ID, imdb_id):
        raise bad(f"imdb_id must look like tt0111161, not {imdb_id!r}.")
    if not isinstance(text, str) or not text.strip() or BROKEN.search(text):
        raise bad("text must be non-empty text without NUL characters or halves of others.")
    if len(text) > Review.MAX_LENGTH:
        raise bad(f"text has {len(text):,} characters; at most {Review.MAX_LENGTH:,} are kept.")
    if label not in (None, "positive", "negative", "unsure"):
        raise bad(f"label must be positive, negative, unsure or absent, not {label!r}.")
    try:
        halves = round(float(record.get("stars") or 0) * 2, 6)
    except (TypeError, ValueError):
        raise bad(f"stars must be a number from 0.5 to 5, not {record['stars']!r}.") from None
    if halves != int(halves) or not 0 <= halves <= 10:
        raise bad(f"stars must be a half or a whole star from 0.5 to 5, not {record['stars']!r}.")
    given = record.get("external_id")
    external_id = str(given) if given else hashlib.sha256(f"{imdb_id}\n{text}".encode()).hexdigest()[:32]
    if len(external_id) > 100:
        raise bad("external_id has more than 100 characters.")
    return Row(imdb_id, external_id, text.strip(), int(halves) or None, label)


FORMATS: dict[str, Callable[[Path], Iterable[Row]]] = {"aclimdb": aclimdb, "jsonl": jsonl, "csv": csv_file}
