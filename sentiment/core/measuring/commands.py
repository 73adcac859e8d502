"""The commands that measure evidence: aspects, marks, behaviour, faithfulness."""

import argparse
import json
from pathlib import Path
from typing import Any

from sentiment.core.corpus.annotated import read_annotated
from sentiment.core.corpus.data import DataError, parse_lines, read_examples
from sentiment.core.corpus.gold import agreement, join, read_gold
from sentiment.core.critic.checkpoints import SHIPPED, fingerprint, load
from sentiment.core.critic.mentions import WEIGHTS, Finder, weights
from sentiment.core.critic.scorer import Scorer
from sentiment.core.critic.second_reading import read_again
from sentiment.core.files import whole_file
from sentiment.core.measuring import aspect_report, behaviour, faithfulness, marks_report

TO_FIT = ("validation", "seed")
"""The splits of real reviews and of the demo corpus on which weights may be fitted."""


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the commands to those of a parser; each sets `run`."""
    command = commands.add_parser("gold", help="join what was read by hand to the archive that has the texts")
    command.add_argument("--data", type=Path, required=True, metavar="ARCHIVE", help="aclImdb, or its train part")
    command.add_argument("--output", type=Path, required=True, metavar="F.jsonl")
    command.set_defaults(run=_gold)

    for name, run, text in [
        ("aspects", _aspects, "how well aspects are found and read; --fit learns to weigh what finds them"),
        ("marks", _marks, "whether the strongest mark is a sentence that readers call decisive"),
        ("behaviour", _behaviour, "what a critic makes of a fixed suite of difficult texts"),
        ("faithfulness", _faithfulness, "what happens to a verdict without the sentences that made it"),
    ]:
        command = commands.add_parser(name, help=text)
        command.add_argument("--critic", type=Path, metavar="DIR", default=SHIPPED, help="default: the shipped critic")
        if name in ("aspects", "marks"):
            command.add_argument("--annotator", type=Path, metavar="DIR", help="default: the shipped annotator")
        if name == "aspects":
            command.add_argument("--words", action="store_true", help="by words alone, without an annotator")
            command.add_argument(
                "--data", type=Path, required=True, metavar="F.jsonl", help="what gold wrote, or the demo corpus"
            )
            command.add_argument(
                "--fit", action="store_true", help=f"from its rows to fit on, first write {WEIGHTS.name}"
            )
        if name == "marks":
            command.add_argument(
                "--first", action="store_true", help="those of the first reading, which pages show first"
            )
            command.add_argument(
                "--data", type=Path, required=True, metavar="F.jsonl", help="what gold wrote, or the demo corpus"
            )
        if name == "faithfulness":
            command.add_argument("--data", type=Path, required=True, metavar="F.jsonl", help="what split or gold wrote")
            command.add_argument("--texts", type=int, default=500, metavar="N", help="of the unlabelled (default: 500)")
            command.add_argument("--seed", type=int, default=0)
        command.add_argument("--json", action="store_true", help="print one JSON object instead of tables")
        command.set_defaults(run=run)


def _gold(options: argparse.Namespace) -> None:
    rows = read_gold()
    joined = [f"{json.dumps(row, ensure_ascii=False)}\n".encode() for row in join(rows, options.data)]
    with whole_file(options.output) as handle:
        handle.writelines(joined)
    found = agreement(rows)
    print(
        f"{options.output}: {len(rows):,} reviews. Of the {found['reviews']} that two have read: F1 {found['f1']:.3f} "
        f"of {found['judgements']} judgements, polarity {found['polarity']:.1%}, a decisive sentence in common "
        f"{found['decisive']:.1%}"
    )


def _reader(options: argparse.Namespace) -> Scorer:
    return Scorer(load(options.critic)) if options.words else Scorer.load(options.critic, annotator=options.annotator)


def _aspects(options: argparse.Namespace) -> None:
    rows = read_annotated(options.data)
    fitted = [row for row in rows if row.example.split in TO_FIT]
    judged = [row for row in rows if row.example.split not in (*TO_FIT, "learn")]
    if not fitted or not judged:
        raise DataError(f"{options.data} must have rows to fit on (split {' or '.join(TO_FIT)}) and others to judge.")
    by: Finder = "words" if options.words else "annotator"
    reads = aspect_report.read_rows(_reader(options), [*fitted, *judged])
    learnt, read = reads[: len(fitted)], reads[len(fitted) :]
    if options.fit:
        aspect_report.write_weights(learnt, WEIGHTS, by)
        weights.cache_clear()
    means = aspect_report.compare(learnt, read, by)
    found = aspect_report.report(read, weights(by)) | {"means": means}
    _print(found, aspect_report.in_markdown(found), options)


def _marks(options: argparse.Namespace) -> None:
    rows = [row for row in parse_lines(options.data, _with_split) if row["split"] not in (*TO_FIT, "learn")]
    scorer, texts = Scorer.load(options.critic, annotator=options.annotator), [row["text"] for row in rows]
    predictions = scorer.predict(texts)
    if not options.first:
        predictions = read_again(scorer, texts, predictions)
    found = marks_report.report(predictions, [row.get("decisive", []) for row in rows])
    _print(found, marks_report.in_markdown(found), options)


def _with_split(row: dict[str, Any]) -> dict[str, Any]:
    if not {"text", "split"} <= row.keys():
        raise ValueError("no text and split, as gold writes them and the demo corpus has them")
    return row


def _behaviour(options: argparse.Namespace) -> None:
    found = behaviour.report(Scorer.load(options.critic))
    _print(found, behaviour.in_markdown(found), options)


def _faithfulness(options: argparse.Namespace) -> None:
    examples = read_examples(options.data)
    # Of those that were read by hand, none is unlabelled.
    split = "unlabelled" if any(example.split == "unlabelled" for example in examples) else "test"
    texts = [example.text for example in examples if example.split == split]
    found = faithfulness.report(Scorer.load(options.critic), texts, options.texts, options.seed)
    _print(found, faithfulness.in_markdown(found), options)


def _print(found: dict[str, Any], tables: str, options: argparse.Namespace) -> None:
    print(json.dumps(found | {"version": fingerprint(options.critic)}) if options.json else tables)
