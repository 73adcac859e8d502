"""The commands that make the shipped critic; `train`, which others use, too, is not among them."""

import argparse
from collections.abc import Callable
from functools import partial
from pathlib import Path

from sentiment.core.corpus.data import HELDOUT_SHA256, DataError
from sentiment.core.critic.checkpoints import check_absent, load, read_card, save
from sentiment.core.progress import progress_bar
from sentiment.core.recipe import pretraining, steps
from sentiment.core.recipe.shipping import ship
from sentiment.core.training.finetuning import Tuning
from sentiment.core.training.train import TrainConfig, origin_of, starting_point


def add_commands(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the commands to those of a parser; each sets `run`."""
    command = commands.add_parser("split", help="make one JSONL file of aclImdb, with a split named for every review")
    command.add_argument("--data", type=Path, required=True, metavar="ARCHIVE", help="as it is handed out")
    command.add_argument("--output", type=Path, required=True, metavar="F.jsonl")
    command.add_argument("--seed", type=int, default=0)
    command.set_defaults(run=_split)

    for name, run, text in [
        ("pretrain", _pretrain, "let a base go on guessing masked words, of the reviews it will be asked about"),
        ("adapt", _adapt, "teach a small base what a large one sees in reviews, without any label"),
        ("distil", _distil, "teach a critic the verdicts of others, without any label"),
    ]:
        command = commands.add_parser(name, help=text)
        command.add_argument("--data", type=Path, required=True, metavar="F.jsonl", help="what split wrote")
        command.add_argument(
            "--texts", type=int, required=True, metavar="N", help="how many of its texts to learn from"
        )
        command.add_argument("--work", type=Path, required=True, metavar="DIR", help="keep what is done here")
        command.add_argument("--output", type=Path, required=True, metavar="DIR", help="must not exist yet")
        command.add_argument("--max-tokens", type=int, default=384)
        command.add_argument("--epochs", type=int, default=2)
        command.add_argument("--learning-rate", type=float, default=2e-4)
        command.add_argument("--batch-size", type=int, default=16)
        command.add_argument("--seed", type=int, default=0)
        command.add_argument("--start", required=name == "distil", help="a base, or what a step before made")
        command.add_argument("--layers", type=int, help="keep the first so many (default: all)")
        if name == "pretrain":
            command.set_defaults(start="mpnet")
        elif name == "adapt":
            command.set_defaults(start="minilm", layers=steps.STUDENT_LAYERS)
            command.add_argument("--teacher", default="mpnet", help="a base, or what pretrain made")
            command.add_argument("--teacher-layers", type=int, default=steps.TEACHER_LAYERS)
        else:
            command.add_argument("--teacher", nargs="+", required=True, metavar="DIR", help="critics")
            command.add_argument(
                "--skip", type=int, default=0, metavar="N", help="leave out what a lesson before has learnt from"
            )
            command.add_argument(
                "--passages", type=int, default=0, metavar="N", help="add a few sentences from each of N more texts"
            )
            command.add_argument(
                "--halfway", action="store_true", help="end halfway between the start and what was learnt"
            )
        command.set_defaults(run=run)

    command = commands.add_parser("ship", help="complete a critic's card with its labels, terms and report")
    command.add_argument("--critic", type=Path, required=True, metavar="DIR", help="what distil made")
    command.add_argument("--data", type=Path, required=True, metavar="F.jsonl", help="what split wrote")
    command.add_argument("--demo", type=Path, required=True, metavar="F.jsonl", help="the demo corpus")
    command.add_argument("--output", type=Path, required=True, metavar="DIR", help="must not exist yet")
    command.set_defaults(run=_ship)


def _split(options: argparse.Namespace) -> None:
    identity = steps.split(options.data, options.output, options.seed)
    known = "the published test set" if identity == HELDOUT_SHA256 else "not the published test set"
    print(f"{options.output}: held out {identity}, {known}")


def _pretrain(options: argparse.Namespace) -> None:
    _teach(options, steps.pretrain, {"masked": pretraining.MASKED})


def _adapt(options: argparse.Namespace) -> None:
    teacher = starting_point(
        TrainConfig(base=options.teacher, layers=options.teacher_layers, max_tokens=options.max_tokens)
    )
    card: dict[str, object] = {"teacher": teacher.base.name, "teacher_layers": teacher.layers}
    if origin := origin_of(options.teacher):
        card["taught_by"] = origin
    _teach(options, partial(steps.adapt, teacher), card)


def _distil(options: argparse.Namespace) -> None:
    if options.texts <= steps.FOR_CALIBRATION:
        raise DataError(f"A lesson needs more than {steps.FOR_CALIBRATION} texts, which are kept out for calibration.")
    teachers = [load(folder) for folder in options.teacher]
    cards = [read_card(folder) for folder in options.teacher]
    own = {name: getattr(options, name) for name in ("skip", "passages", "halfway")}
    lesson = partial(steps.learn_from, teachers, halfway=options.halfway)
    _teach(options, lesson, {"teachers": cards} | own, options.skip, options.passages)


def _teach(options: argparse.Namespace, lesson: Callable[..., None], card: dict[str, object], *drawn: int) -> None:
    check_absent(options.output)
    texts = steps.transfer_texts(options.data, options.texts, options.seed, *drawn)
    student = starting_point(TrainConfig(base=options.start, layers=options.layers, max_tokens=options.max_tokens))
    if origin := origin_of(options.start):
        card["start"] = origin
    else:
        card["base"] = options.start
    with progress_bar() as progress:
        lesson(student, texts, options.work, _tuning(options), progress)
    names = ("texts", "epochs", "learning_rate", "batch_size", "max_tokens", "seed")
    identity = save(student, options.output, card | {name: getattr(options, name) for name in names})
    print(f"{options.output}: version {identity[:12]}, {student.layers} layers")


def _tuning(options: argparse.Namespace) -> Tuning:
    # What a teacher says is no noise to be smoothed; dropout would only cost time.
    return Tuning(
        learning_rate=options.learning_rate,
        epochs=options.epochs,
        batch_size=options.batch_size,
        dropout=False,
        seed=options.seed,
    )


def _ship(options: argparse.Namespace) -> None:
    identity = ship(options.critic, options.data, options.demo, options.output)
    print(f"{options.output}: version {identity[:12]}")
