"""Writes the shipped critic with its card: what its users should know, and what was measured of it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from sentiment.core.corpus.annotated import read_annotated
from sentiment.core.corpus.data import DataError, identity_of, labels_of, parse_lines, read_examples
from sentiment.core.critic.bases import LICENCES
from sentiment.core.critic.checkpoints import (
    CARD,
    SHIPPED,
    check_absent,
    load,
    load_annotator,
    read_card,
    read_manifest,
    save,
    save_annotator,
)
from sentiment.core.critic.mentions import weights
from sentiment.core.critic.scorer import Scorer
from sentiment.core.critic.second_reading import read_again
from sentiment.core.labels import LABELS
from sentiment.core.measuring import aspect_report, marks_report
from sentiment.core.measuring.report import report

Card = dict[str, Any]

TERMS: Final = "derived from aclImdb, whose terms do not clearly permit commercial use"


def ship(folder: Path, data: Path, demo: Path, output: Path) -> str:
    """Write the critic of `folder` as `output`, with a card that names every label it goes back to; return its version.

    `data` is what split wrote, `demo` the demo corpus. Raises DataError where the critic does not go back to the seed
    rows of `data`, and to those alone.
    """
    check_absent(output)
    made, rows = read_card(folder), read_examples(data)
    labelled = [row for row in rows if row.split == "seed"]
    sources = {card["labels_sha256"] for card in _cards(made) if "labels_sha256" in card}
    if sources != {identity_of(labelled)}:
        raise DataError(f"{folder} was not made from the {len(labelled)} seed rows of {data} alone.")
    labels = labels_of(labelled)
    bases = {read_manifest(folder)["base"]["name"], *_bases(made)}
    card = {
        "labels": {name: labels.count(number) for number, name in enumerate(LABELS)},
        "labels_are": f"{len(labels)} star-derived labels",
        "labels_sha256": identity_of(labelled),
        "label_ids": sorted(row.identity for row in labelled),
        "read_without_labels": max((_drawn(card) for card in _cards(made)), default=0),
        "terms": TERMS,
        "licences": {base: LICENCES.get(base, "see that base's own card") for base in sorted(bases)},
        "report": report(Scorer.load(folder), rows, read_examples(demo)),
        "made": made,
    }
    return save(load(folder), output, card)


def ship_annotator(folder: Path, gold: Path, demo: Path, output: Path) -> str:
    """Write the annotator of `folder` as `output`, with a card that says how it does beside the shipped critic.

    `gold` is what gold wrote, of whose split "test" it learnt nothing. Weights must have been fitted before. Returns
    its version.
    """
    check_absent(output)
    annotator = load_annotator(folder)
    scorer = Scorer(load(SHIPPED), annotator=annotator)
    real = [row for row in read_annotated(gold) if row.example.split == "test"]
    corpus = [row for row in read_annotated(demo) if row.example.split not in ("seed", "")]
    texts = [row.example.text for row in real]
    decisive = [row["decisive"] for row in parse_lines(gold, dict) if row["split"] == "test"]
    card = {
        "terms": TERMS,
        "licences": {annotator.base.name: LICENCES.get(annotator.base.name, "see that base's own card")},
        "report": {
            "aspects": aspect_report.report(aspect_report.read_rows(scorer, real), weights("annotator")),
            "demo": aspect_report.report(aspect_report.read_rows(scorer, corpus), weights("annotator")),
            "marks": marks_report.report(read_again(scorer, texts, scorer.predict(texts)), decisive),
        },
        "made": json.loads((folder / CARD).read_text("utf-8")),
    }
    return save_annotator(annotator, output, card)


def _cards(card: Card) -> Iterator[Card]:
    """Yield a card, and those of all that its critic learnt from or started with."""
    yield card
    for other in [*card.get("teachers", ()), *(card[name] for name in ("start", "taught_by") if name in card)]:
        yield from _cards(other)


def _drawn(card: Card) -> int:
    return sum(card.get(name, 0) for name in ("skip", "texts", "passages"))


def _bases(card: Card) -> Iterator[str]:
    for each in _cards(card):
        # What started from a checkpoint names that, whose own base is told by its card.
        if "config" in each and "start" not in each:
            yield each["config"]["base"]
        yield from (each[name] for name in ("base", "teacher") if name in each)
