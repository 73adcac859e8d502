"""Reads reviews that are annotated with the aspects of a film that they judge, and how."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Final

from sentiment.core.corpus.data import DataError, Example, read_examples
from sentiment.core.labels import LABELS

POLARITIES: Final = {LABELS[0]: False, LABELS[1]: True, "mixed": None}
"""None: favourably and unfavourably, with like weight."""


@dataclass(frozen=True, slots=True)
class Annotated:
    """An example, and for each aspect that its text judges, whether favourably: one of POLARITIES."""

    example: Example
    aspects: Mapping[str, bool | None]


def read_annotated(path: str | PathLike[str]) -> list[Annotated]:
    """Read a JSONL file as read_examples does, with `aspects` {name: key of POLARITIES} where a line has them.

    Raises DataError naming file and line for a bad line.
    """
    examples = read_examples(path)
    rows = []
    with Path(path).open(encoding="utf-8-sig") as handle:
        for number, (line, example) in enumerate(zip(handle, examples, strict=True), start=1):
            aspects = json.loads(line).get("aspects", {})
            if not isinstance(aspects, dict) or not all(value in POLARITIES for value in aspects.values()):
                raise DataError(f'{path}, line {number}: "aspects" must map names to {", ".join(POLARITIES)}')
            rows.append(Annotated(example, {name: POLARITIES[value] for name, value in aspects.items()}))
    return rows
