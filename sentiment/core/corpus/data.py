"""Labelled texts and the files they come from."""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from os import PathLike
from pathlib import Path
from random import Random
from typing import Any, Final, TypeVar

from sentiment.core.corpus.duplicates import components, near_duplicates
from sentiment.core.files import whole_file
from sentiment.core.labels import LABELS

Parsed = TypeVar("Parsed")
T = TypeVar("T")

HELDOUT_AT_LEAST: Final = 5_000
SEED_LABELS: Final = 500
HELDOUT_SHA256: Final = "92f3448dc90e73924acd4634a0b7b45aaea7226c342a5c2c7dad1bee8f20d61a"
"""The identity of what imdb_split holds out of the published train part with seed 0: the test set of all figures."""


class DataError(ValueError):
    """Data that cannot be used. The message says which, and for a file names the file and the line."""


@dataclass(frozen=True, slots=True)
class Example:
    """A text, and what is known of it.

    `label` is an index into LABELS, or None where nobody has labelled the text. `group` names what must not be torn
    apart between folds (the film); "" means that the text stands alone. `stars` is 0.5 to 5. `identity` is the row's
    name where it came from, `split` the part of its file that it belongs to, `tags` say what is special about it.
    """

    text: str
    label: int | None
    group: str = ""
    stars: float | None = None
    split: str = ""
    identity: str = ""
    tags: tuple[str, ...] = ()


def digest(text: str) -> str:
    """Return the identity of a text: the SHA-256 of its UTF-8 form, in hex."""
    # "surrogatepass" changes nothing for real text and gives broken text an identity too.
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def read_examples(path: str | PathLike[str], split: str | None = None) -> list[Example]:
    """Read a JSONL file, one object a line: `text`, and where known `label`, `imdb_id` or `group`, `stars`, `split`,
    `id`, `hard` (tags).

    `label` is "negative" or "positive", or 0 or 1. With `split`, rows that name another split are left out; rows that
    name none are kept. Raises DataError naming file and line for a bad line.
    """
    rows = parse_lines(Path(path), _example)
    return [row for row in rows if split is None or row.split in ("", split)]


def read_texts(path: str | PathLike[str]) -> list[str]:
    """Read the `text` of every line of a JSONL file. Raises DataError naming file and line for a bad line."""
    return list(parse_lines(Path(path), _text))


def imdb_split(examples: Sequence[Example], seed: int = 0) -> list[Example]:
    """Name a split for each review of aclImdb: "heldout", "seed", "train" or "unlabelled"; "unused" for the rest.

    Whole films with all that repeats their reviews, labelled or not, are held out until 5,000 labelled reviews are. Of
    the other labelled ones a balanced draw of 500 is the seed. What is unlabelled and held out is used by nobody.
    """
    first_of_film: dict[str, int] = {}
    films = [(first_of_film.setdefault(example.group, i), i) for i, example in enumerate(examples)]
    same = components(len(examples), chain(films, near_duplicates([example.text for example in examples])))
    judged = Counter(component for component, example in zip(same, examples, strict=True) if example.label is not None)
    order = shuffled(sorted(judged), seed)
    held_out: set[int] = set()
    while order and sum(judged[component] for component in held_out) < HELDOUT_AT_LEAST:
        held_out.add(order.pop())

    def split(component: int, example: Example) -> str:
        if component in held_out:
            return "unused" if example.label is None else "heldout"
        return "unlabelled" if example.label is None else "train"

    named = [replace(example, split=split(c, example)) for c, example in zip(same, examples, strict=True)]
    drawn = {example.identity for example in draw([each for each in named if each.split == "train"], SEED_LABELS, seed)}
    return [replace(each, split="seed") if each.identity in drawn else each for each in named]


def draw(examples: Iterable[Example], count: int, seed: int = 0) -> list[Example]:
    """Draw `count` labelled examples, half of each label; a larger draw of the same seed holds the smaller one.

    Raises DataError where there are too few.
    """
    ordered = shuffled(sorted(examples, key=lambda example: example.identity), seed)
    drawn = []
    for label, wanted in enumerate((count // 2, count - count // 2)):
        found = [example for example in ordered if example.label == label][:wanted]
        if len(found) < wanted:
            raise DataError(f"There are {len(found)} {LABELS[label]} texts to draw from; {wanted} are needed.")
        drawn += found
    return drawn


def shuffled(items: Iterable[T], seed: int) -> list[T]:
    """Return the items in an order that the seed decides, on every machine the same."""
    order = list(items)
    Random(seed).shuffle(order)  # noqa: S311
    return order


def identity_of(examples: Iterable[Example]) -> str:
    """Return the SHA-256 (hex) of a set of labelled texts: the same rows in any order have the same."""
    rows = sorted(f"{digest(example.text)} {example.label}" for example in examples)
    return hashlib.sha256("\n".join(rows).encode()).hexdigest()


def labels_of(examples: Iterable[Example]) -> list[int]:
    """Return the labels of examples that must all have one. Raises DataError where one has none."""
    labels = [example.label for example in examples]
    known = [label for label in labels if label is not None]
    if len(known) < len(labels):
        raise DataError(f"{len(labels) - len(known)} of {len(labels)} texts have no label.")
    return known


def parse_lines(path: Path, parse: Callable[[dict[str, Any]], Parsed]) -> Iterator[Parsed]:
    """Yield what `parse` makes of the JSON object on each line; its ValueErrors are told with file and line.

    Raises DataError.
    """
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
    split, identity = row.get("split", ""), row.get("id", "")
    if not isinstance(group, str) or not isinstance(split, str) or not isinstance(identity, str):
        raise ValueError('"imdb_id", "group", "split" and "id" must be text')
    tags = row.get("hard", [])
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        raise ValueError('"hard" must be a list of tags')
    return Example(_text(row), _label(row.get("label")), group, stars, split, identity, tuple(tags))


def write_examples(path: str | PathLike[str], examples: Iterable[Example]) -> None:
    """Write a JSONL file that read_examples reads again; it appears whole or not at all."""
    with whole_file(Path(path)) as handle:
        handle.writelines(f"{json.dumps(_row(example), ensure_ascii=False)}\n".encode() for example in examples)


def _row(example: Example) -> dict[str, Any]:
    label = None if example.label is None else LABELS[example.label]
    row = {
        "id": example.identity,
        "group": example.group,
        "split": example.split,
        "stars": example.stars,
        "label": label,
        "text": example.text,
    }
    return {name: value for name, value in row.items() if value not in (None, "") or name == "text"}


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
