"""Reads labelled texts from a CSV file with the columns text and label. Everything wrong with it is told at once."""

import csv
import io
from os import PathLike
from pathlib import Path
from typing import Final

from sentiment.core.corpus.data import DataError, Example
from sentiment.core.labels import LABELS

NAMES: Final = {"negative": 0, "neg": 0, "0": 0, "positive": 1, "pos": 1, "1": 1}
MOST_TOLD: Final = 20
TOO_WIDE: Final = "there are more columns than in the header; a text with commas needs quotes around it."


def read_labelled_csv(path: str | PathLike[str]) -> list[Example]:
    """Read texts and labels ("positive" or "negative", "pos" or "neg", 1 or 0), by UTF-8 with or without its mark.

    A column `group`, where there is one, names what must not be torn apart in cross-validation. Raises DataError that
    names the file and every line (up to 20) with what is wrong: no text, an unknown label, a text that was there before
    with the same label or another. A line is where its row ends, as quoted texts can run over several.
    """
    path = Path(path)
    reader = csv.DictReader(io.StringIO(_decoded(path), newline=""), strict=True, restval="")
    try:
        header = reader.fieldnames or ()
    except csv.Error as error:
        raise DataError(f"{path}, line 1: {error}") from error
    if missing := {"text", "label"} - set(header):
        raise DataError(f"{path}, line 1: the header has no column {' and no column '.join(sorted(missing))}.")
    examples: list[Example] = []
    wrong: list[str] = []
    first: dict[str, tuple[int, int]] = {}
    try:
        for row in reader:
            text, name = row["text"].strip(), row["label"].strip()
            label = NAMES.get(name.lower())
            if problem := _problem(text, name, label, first) if None not in row else TOO_WIDE:
                wrong.append(f"line {reader.line_num}: {problem}")
            elif label is not None:
                first[_folded(text)] = (reader.line_num, label)
                examples.append(Example(text, label, row.get("group") or ""))
    except csv.Error as error:
        wrong.append(f"line {reader.line_num + 1}: {error}")
    if wrong:
        more = f"\n… and {len(wrong) - MOST_TOLD} more" if len(wrong) > MOST_TOLD else ""
        raise DataError(f"{path} cannot be used:\n" + "\n".join(wrong[:MOST_TOLD]) + more)
    if absent := [name for label, name in enumerate(LABELS) if all(e.label != label for e in examples)]:
        raise DataError(f"{path} has no row labelled {' and none labelled '.join(absent)}: both labels are needed.")
    return examples


def _problem(text: str, name: str, label: int | None, first: dict[str, tuple[int, int]]) -> str:
    if not text:
        return "the text is empty."
    if label is None:
        return f"the label is {name!r}; it must be positive or negative (or 1 or 0)."
    if _folded(text) not in first:
        return ""
    line, before = first[_folded(text)]
    if before == label:
        return f"the text is a duplicate of line {line}."
    return f"the text is labelled {LABELS[label]}, but {LABELS[before]} on line {line}."


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())


def _decoded(path: Path) -> str:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: {error.strerror}") from error
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise DataError(f"{path}, line {line}: not UTF-8 text (save the file as UTF-8).") from error
