"""Reads what people found when they read real reviews by hand, and joins it to the archive that has the texts.

Of the reviews themselves nothing is kept here but their names in aclImdb, and offsets into their texts: docs/gold.md.
"""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any, Final, NamedTuple

from sentiment.core.corpus.aclimdb import read_aclimdb
from sentiment.core.corpus.data import DataError, Example, digest
from sentiment.core.labels import LABELS

GOLD: Final = Path(__file__).with_name("gold.jsonl")
SIGNS: Final = {"+": LABELS[1], "-": LABELS[0], "mixed": "mixed"}


class Judgement(NamedTuple):
    """How an aspect is judged, a key of SIGNS, and from where to where the words stand that say so."""

    polarity: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reader found: a judgement for each aspect that is judged, and the spans of the decisive sentences."""

    judgements: Mapping[str, Judgement]
    decisive: Collection[tuple[int, int]]

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> "Reading":
        """Make a reading of the JSON object that holds it."""
        judged = {aspect: Judgement(*judgement) for aspect, judgement in row["judgements"].items()}
        return cls(judged, [(start, end) for start, end in row["decisive"]])


@dataclass(frozen=True, slots=True)
class Gold:
    """A review that was read: its name in aclImdb, the beginning of its text's digest, its split, and the readings.

    `split` is "test" for reviews of films that the shipped critic never met; of the others "validation" for what is
    fitted on and nothing else learns from, else "learn". `again` is the reading of a
    second reader, who knew nothing of the first, where there was one.
    """

    identity: str
    digest: str
    split: str
    first: Reading
    again: Reading | None


def read_gold() -> list[Gold]:
    """Read the readings, in the order in which they were drawn."""
    with GOLD.open(encoding="utf-8") as handle:
        return [_gold(json.loads(line)) for line in handle]


def _gold(row: Mapping[str, Any]) -> Gold:
    again = Reading.of(row["again"]) if "again" in row else None
    return Gold(row["id"], row["digest"], row["split"], Reading.of(row), again)


def join(rows: Sequence[Gold], archive: str | PathLike[str]) -> Iterator[dict[str, Any]]:
    """Yield for each of `rows`, in their order, what read_annotated reads.

    Beside it stand `judgements`, with the offsets of the words that say so, and the spans of `decisive` sentences.
    Raises DataError where the archive lacks one, or has another text in its place.
    """
    wanted = {row.identity for row in rows}
    found = {example.identity: example for example in read_aclimdb(archive) if example.identity in wanted}
    for row in rows:
        example = found.get(row.identity)
        if example is None or not digest(example.text).startswith(row.digest):
            raise DataError(f"{archive} does not hold {row.identity} as it was read.")
        yield _joined(row, example)


def _joined(row: Gold, example: Example) -> dict[str, Any]:
    judged = row.first.judgements.items()
    return {
        "id": row.identity,
        "group": example.group,
        "label": None if example.label is None else LABELS[example.label],
        "split": row.split,
        "text": example.text,
        "aspects": {aspect: SIGNS[judgement.polarity] for aspect, judgement in judged},
        "judgements": {aspect: judgement._asdict() for aspect, judgement in judged},
        "decisive": [list(span) for span in row.first.decisive],
    }


def agreement(rows: Iterable[Gold]) -> dict[str, Any]:
    """Compare the two readings of those that were read twice.

    `f1` is that of the second reader's judgements (one review × one aspect) against the first's, `polarity` the share
    of those that both found whose polarity is the same, `decisive` the share of reviews for which the two name a
    sentence that is the same. Raises DataError where none was read twice.
    """
    twice = [(row.first, row.again) for row in rows if row.again]
    if not twice:
        raise DataError("No review was read twice.")
    both = [(first.judgements[a], again.judgements[a]) for first, again in twice for a in _shared(first, again)]
    made = sum(len(first.judgements) + len(again.judgements) for first, again in twice)
    return {
        "reviews": len(twice),
        "judgements": made - len(both),
        "f1": 2 * len(both) / max(made, 1),
        "polarity": sum(one.polarity == other.polarity for one, other in both) / max(len(both), 1),
        "decisive": sum(_share_a_sentence(first, again) for first, again in twice) / len(twice),
    }


def _shared(first: Reading, again: Reading) -> list[str]:
    return [aspect for aspect in first.judgements if aspect in again.judgements]


def _share_a_sentence(first: Reading, again: Reading) -> bool:
    return any(a[0] < b[1] and b[0] < a[1] for a in first.decisive for b in again.decisive)
