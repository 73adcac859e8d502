"""Labelled texts and the files they come from."""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any, TypeVar

from sentiment.core.labels import LABELS

Parsed = TypeVar("Parsed")


class DataError(ValueError):
    """Data that cannot be used. The message says which, and for a file names the file and the line."""


@dataclass(frozen=True, slots=True)
class Example:
    """A text, and what is known of it.

    `label` is an index into LABELS, or None where nobody has labelled the text. `group` names what must not be torn
    apart between folds (the film); "" means that the text stands alone. `stars` is 0.5 to 5.
    """

    text: str
    label: int | None
    group: str = ""
    stars: float | None = None
    split: str = ""


def digest(text: str) -> str:
    """Return the identity of a text: the SHA-256 of its UTF-8 form, in hex."""
    # "surrogatepass" changes nothing for real text and gives broken text an identity too.
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def read_examples(path: str | PathLike[str], split: str | None = None) -> list[Example]:
    """Read a JSONL file, one object a line: `text`, and where known `label`, `imdb_id` or `group`, `stars`, `split`.

    `label` is "negative" or "positive", or 0 or 1. With `split`, rows that name another split are left out; rows that
    name none are kept. Raises DataError naming file and line for a bad line.
    """
    rows = _parse_lines(Path(path), _example)
    return [row for row in rows if split is None or row.split in ("", split)]


def read_texts(path: str | PathLike[str]) -> list[str]:
    """Read the `text` of every line of a JSONL file. Raises DataError naming file and line for a bad line."""
    return list(_parse_lines(Path(path), _text))


def labels_of(examples: Iterable[Example]) -> list[int]:
    """Return the labels of examples that must all have one. Raises DataError where one has none."""
    labels = [example.label for example in examples]
    known = [label for label in labels if label is not None]
    if len(known) < len(labels):
        raise DataError(f"{len(labels) - len(known)} of {len(labels)} texts have no label.")
    return known


def _parse_lines(path: Path, parse: Callable[[dict[str, Any]], Parsed]) -> Iterator[Parsed]:
    try:
        handle = path.open("rb")
    except OSError as error:
        raise DataError(f"{path}: {error.strerror}") from error
    with handle:
        for number, line in enumerate(handle, start=1):
            try:
                row = json.loads(line.decode("utf-8-sig"))
                if not isinstance(row, dict):
                    raise ValueError("not a JSON object")
                yield parse(row)
            except (ValueError, RecursionError) as error:
                raise DataError(f"{path}, line {number}: {error}") from error


def _example(row: dict[str, Any]) -> Example:
    stars = row.get("stars")
    if stars is not None and (isinstance(stars, bool) or not isinstance(stars, int | float) or not 0.5 <= stars <= 5):
        raise ValueError(f'"stars" must be a number from 0.5 to 5, not {stars!r}')
    group = row["imdb_id"] if "imdb_id" in row else row.get("group", "")
    split = row.get("split", "")
    if not isinstance(group, str) or not isinstance(split, str):
        raise ValueError('"imdb_id", "group" and "split" must be text')
    return Example(_text(row), _label(row.get("label")), group, stars, split)


def _text(row: dict[str, Any]) -> str:
    text = row.get("text")
    if not isinstance(text, str):
        raise ValueError('"text" is missing or is not text')
    return text


def _label(value: object) -> int | None:
    if value is None:
        return None
    if isinstance(value, str) and value in LABELS:
        return LABELS.index(value)
    if isinstance(value, int) and not isinstance(value, bool) and value in (0, 1):
        return value
    raise ValueError(f'"label" must be "negative" or "positive" (or 0 or 1), not {value!r}')
