"""The commands that make the annotator: learn from what people found, find it in more texts, learn from both."""

import argparse
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch

from sentiment.core.corpus.annotated import read_annotated
from sentiment.core.corpus.data import DataError, Example, parse_lines, read_examples, shuffled
from sentiment.core.corpus.gold import read_gold
from sentiment.core.critic.annotations import Annotations, by_sentence, owners
from sentiment.core.critic.annotator import Annotator
from sentiment.core.critic.bases import resolve_base
from sentiment.core.critic.checkpoints import MANIFEST, check_absent, load, load_annotator, save_annotator
from sentiment.core.critic.classifier import Critic
from sentiment.core.critic.devices import best_device, half_pays
from sentiment.core.critic.encoding import length_sorted_batches, token_budget
from sentiment.core.progress import progress_bar
from sentiment.core.recipe import findings
from sentiment.core.recipe.annotating import teach
from sentiment.core.recipe.findings import Findings
from sentiment.core.recipe.lessons import Lesson, from_findings, from_reading
from sentiment.core.recipe.shipping import ship_annotator
from sentiment.core.text import sentence_spans
from sentiment.core.training.finetuning import Tuning

LEARN: Final = ("learn", "seed")
"""The splits of the readings, and of the demo corpus, to learn from."""
HEADS: Final = 20.0
"""How many times as fast as the encoder the heads learn, which begin with nothing."""
AT_ONCE: Final = 500


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the commands to those of a parser; each sets `run`."""
    command = commands.add_parser("annotator", help="teach an annotator what people found, and what another did")
    command.add_argument("--gold", type=Path, required=True, metavar="F.jsonl", help="what gold wrote")
    command.add_argument("--demo", type=Path, required=True, metavar="F.jsonl", help="the demo corpus")
    command.add_argument("--data", type=Path, metavar="F.jsonl", help="what split wrote, for --findings")
    command.add_argument("--findings", type=Path, metavar="F.npz", help="what find wrote")
    command.add_argument("--start", required=True, help="a base, or a critic whose encoder it begins with")
    command.add_argument("--layers", type=int, required=True)
    command.add_argument("--frozen", type=int, default=0, help="leave the first so many layers as they are")
    command.add_argument("--max-tokens", type=int, default=384)
    command.add_argument("--epochs", type=int, default=4)
    command.add_argument("--learning-rate", type=float, default=5e-5)
    command.add_argument("--batch-size", type=int, default=8)
    command.add_argument("--seed", type=int, default=0)
    command.add_argument("--work", type=Path, required=True, metavar="DIR", help="keep what is done here")
    command.add_argument("--output", type=Path, required=True, metavar="DIR", help="must not exist yet")
    command.set_defaults(run=_annotator)

    command = commands.add_parser("find", help="keep what an annotator finds in texts, for another to learn")
    command.add_argument("--annotator", type=Path, required=True, metavar="DIR")
    command.add_argument("--data", type=Path, required=True, metavar="F.jsonl", help="what split wrote")
    command.add_argument("--texts", type=int, required=True, metavar="N", help="how many of those not held out")
    command.add_argument("--seed", type=int, default=0)
    command.add_argument("--output", type=Path, required=True, metavar="F.npz")
    command.set_defaults(run=_find)

    command = commands.add_parser("ship-annotator", help="complete an annotator's card with its terms and report")
    command.add_argument("--annotator", type=Path, required=True, metavar="DIR", help="what annotator made")
    command.add_argument("--gold", type=Path, required=True, metavar="F.jsonl", help="what gold wrote")
    command.add_argument("--demo", type=Path, required=True, metavar="F.jsonl", help="the demo corpus")
    command.add_argument("--output", type=Path, required=True, metavar="DIR", help="must not exist yet")
    command.set_defaults(run=_ship)


def _ship(options: argparse.Namespace) -> None:
    identity = ship_annotator(options.annotator, options.gold, options.demo, options.output)
    print(f"{options.output}: version {identity[:12]}")


def _annotator(options: argparse.Namespace) -> None:
    check_absent(options.output)
    annotator = _beginning(options)
    lessons = _from_people(annotator, options)
    read = len(lessons)
    if options.findings:
        lessons += _from_findings(annotator, options)
    tuning = Tuning(
        learning_rate=options.learning_rate,
        heads=HEADS,
        epochs=options.epochs,
        batch_size=options.batch_size,
        frozen=options.frozen,
        dropout=False,
        seed=options.seed,
    )
    with progress_bar() as progress:
        teach(annotator.to(best_device()), lessons, tuning, progress, options.work / "annotator.pt")
    names = ("start", "layers", "frozen", "max_tokens", "epochs", "learning_rate", "batch_size", "seed")
    card = {name: getattr(options, name) for name in names}
    card |= {"start": Path(options.start).name, "read_by_people": read, "found_by_another": len(lessons) - read}
    identity = save_annotator(annotator.cpu(), options.output, card)
    print(f"{options.output}: version {identity[:12]}, {annotator.layers} layers, {len(lessons):,} texts")


def _beginning(options: argparse.Namespace) -> Annotator:
    torch.manual_seed(options.seed)
    if not (Path(options.start) / MANIFEST).is_file():
        return Annotator(resolve_base(options.start), options.layers, options.max_tokens)
    critic: Critic = load(options.start).first(options.layers)
    annotator = Annotator(critic.base, options.layers, options.max_tokens)
    annotator.encoder.load_state_dict(critic.encoder.state_dict())
    return annotator


def _from_people(annotator: Annotator, options: argparse.Namespace) -> list[Lesson]:
    rows: list[dict[str, Any]] = []
    for path in (options.gold, options.demo):
        read_annotated(path)  # which says what is wrong with a line, and where
        rows += [row for row in parse_lines(path, dict) if row.get("split") in LEARN]
    encoded = annotator.text_encoder.encode([row["text"] for row in rows])
    return [from_reading(row, each) for row, each in zip(rows, encoded, strict=True)]


def _from_findings(annotator: Annotator, options: argparse.Namespace) -> list[Lesson]:
    if not options.data:
        raise DataError("Findings name texts of what split wrote: give it with --data.")
    found = list(findings.read(options.findings, {each.identity: each for each in _learnable(options.data)}))
    encoded = annotator.text_encoder.encode([example.text for example, _ in found])
    return [from_findings(example.text, each, of) for (example, of), each in zip(found, encoded, strict=True)]


def _learnable(data: Path) -> list[Example]:
    """Return what may be learnt from: what is neither held out nor was read by people, who know better."""
    read = {row.identity for row in read_gold()}
    rows = read_examples(data)
    return [row for row in rows if row.split in ("seed", "train", "unlabelled") and row.identity not in read]


def _find(options: argparse.Namespace) -> None:
    annotator = load_annotator(options.annotator).to(best_device())
    examples = shuffled(_learnable(options.data), options.seed)[: options.texts]
    kept: list[tuple[Example, Findings]] = []
    with progress_bar() as progress:
        for found in annotate(annotator, [example.text for example in examples]):
            kept.append((examples[len(kept)], Findings.of(found)))
            progress(len(kept) / len(examples), f"found in {len(kept)} of {len(examples)} texts")
    findings.keep(options.output, [(example, of) for example, of in kept if len(of.decisive)])
    print(f"{options.output}: {len(kept):,} texts")


def annotate(annotator: Annotator, texts: Sequence[str]) -> Iterator[Annotations]:
    """Yield what the sentences of each text judge, read by torch in half precision where that pays."""
    for start in range(0, len(texts), AT_ONCE):
        yield from _annotated(annotator, texts[start : start + AT_ONCE])


def _annotated(annotator: Annotator, texts: Sequence[str]) -> Iterable[Annotations]:
    encoded, device = annotator.text_encoder.encode(texts), annotator.device
    found: dict[int, Annotations] = {}
    for positions in length_sorted_batches(encoded, token_budget(device)):
        batch = annotator.text_encoder.collate([encoded[i] for i in positions], device)
        with torch.inference_mode(), torch.autocast(device.type, torch.bfloat16, enabled=half_pays(device)):
            outputs = annotator(batch).cpu().numpy()
        for row, i in enumerate(positions):
            spans = sentence_spans(texts[i])
            own = outputs[row, : len(encoded[i].ids)][np.asarray(encoded[i].own)]
            found[i] = by_sentence(own, owners(spans, encoded[i].starts, encoded[i].head, encoded[i].tail), len(spans))
    return [found[i] for i in range(len(texts))]
