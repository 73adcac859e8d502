"""Reviews out of the official archive, an extracted folder, JSON lines or CSV. A bad line is named by its number."""

import csv
import hashlib
import io
import json
import lzma
import re
import tarfile
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from sentiment.importing import Row
from textflix.reviews.models import Review


class ReadError(ValueError):
    """The input cannot be read; the message names the file and, where there is one, the line."""


_REVIEW = re.compile(r"(train|test)/(pos|neg|unsup)/(\d+)_(\d+)\.txt\Z")
_URLS = re.compile(r"(train|test)/urls_(pos|neg|unsup)\.txt\Z")
_IMDB_ID = re.compile(r"tt\d{7,9}")
_BREAK = re.compile(r"\s*<br\s*/?>\s*", re.IGNORECASE)
_LABELS = {"pos": "positive", "neg": "negative", "unsup": None}


def aclimdb(path: Path) -> Iterator[Row]:
    """The Large Movie Review Dataset (Maas et al. 2011): an archive, or the folder it unpacks to.

    Line <id>+1 of urls_<part>.txt names the film of <id>_<stars>.txt. Reviews that come before their list wait for it.
    """
    films: dict[tuple[str, str], list[str]] = {}
    waiting: dict[tuple[str, str], list[tuple[int, int, str]]] = defaultdict(list)
    found = False
    for name, content in _folder(path) if path.is_dir() else _archive(path):
        if match := _URLS.search(name):
            kind = (match[1], match[2])
            films[kind] = [_film(line, f"{path}: {name}", n) for n, line in enumerate(content.splitlines(), 1)]
            for number, stars, text in waiting.pop(kind, []):
                yield _acl_row(kind, films[kind], number, stars, text, path)
        elif match := _REVIEW.search(name):
            found, kind = True, (match[1], match[2])
            review = (int(match[3]), int(match[4]), content)
            if kind in films:
                yield _acl_row(kind, films[kind], *review, path)
            else:
                waiting[kind].append(review)
    if not found:
        raise ReadError(f"{path} holds no aclImdb reviews (train/pos/<id>_<stars>.txt and so on).")
    if waiting:
        part, polarity = next(iter(waiting))
        raise ReadError(
            f"{path} has reviews in {part}/{polarity} but no {part}/urls_{polarity}.txt that names their films."
        )


def _acl_row(kind: tuple[str, str], films: list[str], number: int, stars: int, text: str, path: Path) -> Row:
    part, polarity = kind
    if number >= len(films):
        raise ReadError(f"{path}: {part}/urls_{polarity}.txt has no line {number + 1} for {number}_{stars}.txt.")
    return Row(
        imdb_id=films[number],
        external_id=f"{part}/{polarity}/{number}",
        text=_BREAK.sub("\n", text).strip().replace("\n\n\n", "\n\n"),
        stars=stars or None,
        label=_LABELS[polarity],
    )


def _film(line: str, name: str, number: int) -> str:
    if match := _IMDB_ID.search(line):
        return match[0]
    raise ReadError(f"{name}, line {number}: no IMDb id in {line[:80]!r}.")


def _folder(path: Path) -> Iterator[tuple[str, str]]:
    names = sorted(path.rglob("*.txt"), key=lambda p: (not p.name.startswith("urls_"), str(p)))
    for name in names:
        yield name.relative_to(path).as_posix() if name.parent != path else f"{path.name}/{name.name}", _text(name)


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ReadError(f"{path}: {error}") from None


def _archive(path: Path) -> Iterator[tuple[str, str]]:
    try:
        with tarfile.open(path, "r|*") as archive:
            for member in archive:
                name = str(PurePosixPath(member.name))
                if member.isfile() and (_REVIEW.search(name) or _URLS.search(name)):
                    content = archive.extractfile(member)
                    yield name, content.read().decode("utf-8") if content else ""
    except (OSError, EOFError, tarfile.TarError, UnicodeDecodeError, lzma.LZMAError, zlib.error) as error:
        raise ReadError(f"{path}: not a readable archive: {error}") from None


def jsonl(path: Path) -> Iterator[Row]:
    """One JSON object a line: imdb_id, text, and where known external_id, stars (0.5 to 5) and label."""
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
    """A header with imdb_id and text, and where known external_id, stars (0.5 to 5) and label."""
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
    if not isinstance(imdb_id, str) or not _IMDB_ID.fullmatch(imdb_id):
        raise bad(f"imdb_id must look like tt0111161, not {imdb_id!r}.")
    if not isinstance(text, str) or not text.strip() or "\0" in text:
        raise bad("text must be non-empty text without NUL characters.")
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


READERS: dict[str, Callable[[Path], Iterable[Row]]] = {"aclimdb": aclimdb, "jsonl": jsonl, "csv": csv_file}
