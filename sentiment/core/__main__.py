"""Train, judge and use a critic from the command line: python -m sentiment.core --help."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from sentiment.core.corpus.data import DataError, labels_of, read_examples, read_texts
from sentiment.core.critic.bases import PACKAGED, BaseError
from sentiment.core.critic.checkpoints import SHIPPED, CheckpointError, check_absent, fingerprint, save
from sentiment.core.critic.scorer import Prediction, Scorer
from sentiment.core.critic.second_reading import read_again
from sentiment.core.curve import experiment
from sentiment.core.evaluation import Metrics, evaluate
from sentiment.core.files import whole_file
from sentiment.core.labels import verdict
from sentiment.core.measuring import bench, report
from sentiment.core.measuring import commands as measuring_commands
from sentiment.core.measuring.faithfulness import leave_one_out
from sentiment.core.progress import progress_bar
from sentiment.core.recipe import annotator_commands
from sentiment.core.recipe import commands as recipe_commands
from sentiment.core.training.finetuning import Tuning
from sentiment.core.training.train import TrainConfig, train


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return 0, or 1 after saying on stderr what is wrong."""
    options = _parser().parse_args(arguments)
    try:
        options.run(options)
    except (DataError, BaseError, CheckpointError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sentiment.core", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="command")

    command = commands.add_parser("train", help="train a critic on the labels of a JSONL file")
    command.add_argument("--data", type=Path, required=True, metavar="F.jsonl")
    command.add_argument("--split", default="seed", help="of rows that name a split, use these (default: seed)")
    command.add_argument("--output", type=Path, required=True, metavar="DIR", help="must not exist yet")
    command.add_argument("--method", choices=["probe", "finetune"], default="probe")
    command.add_argument("--base", default="minilm", help=f"{', '.join(PACKAGED)}, or a local folder")
    command.add_argument("--seed", type=int, default=0)
    command.add_argument("--max-tokens", type=int, default=256)
    command.add_argument("--epochs", type=int, default=4)
    command.add_argument("--learning-rate", type=float, default=3e-5)
    command.add_argument("--work", type=Path, metavar="DIR", help="keep what is done here, and go on from it")
    command.set_defaults(run=_train)

    command = commands.add_parser("evaluate", help="judge a critic on the labels of a JSONL file")
    command.add_argument("--critic", type=Path, required=True, metavar="DIR")
    command.add_argument("--data", type=Path, required=True, metavar="F.jsonl")
    command.add_argument("--split", default="heldout", help="of rows that name a split, use these (default: heldout)")
    command.add_argument("--json", action="store_true", help="print one JSON object")
    command.set_defaults(run=_evaluate)

    command = commands.add_parser("score", help="read the texts of a JSONL file")
    command.add_argument("--critic", type=Path, default=SHIPPED, metavar="DIR", help="default: the shipped critic")
    command.add_argument("--input", type=Path, required=True, metavar="F.jsonl")
    command.add_argument("--output", type=Path, required=True, metavar="G.jsonl")
    command.add_argument(
        "--leave-one-out", action="store_true", help="read again without each sentence, and add what it was worth"
    )
    command.set_defaults(run=_score)

    recipe_commands.add_commands(commands)
    annotator_commands.add_commands(commands)

    command = commands.add_parser("report", help="everything that is claimed of a critic's accuracy, from one run")
    command.add_argument("--critic", type=Path, metavar="DIR", default=SHIPPED, help="default: the shipped critic")
    command.add_argument("--data", type=Path, required=True, metavar="F.jsonl", help="what split wrote")
    command.add_argument("--demo", type=Path, required=True, metavar="F.jsonl", help="the demo corpus")
    command.add_argument("--json", action="store_true", help="print one JSON object instead of tables")
    command.add_argument("--figure", type=Path, metavar="PATH", help="draw its calibration as PATH.png and PATH.svg")
    command.set_defaults(run=_report)

    command = commands.add_parser("curve", help="how often each model is right for how many labels, and a figure of it")
    experiment.add_options(command)
    command.set_defaults(run=experiment.main)

    measuring_commands.add_commands(commands)

    command = commands.add_parser("bench", help="measure how fast a critic reads the texts of a JSONL file")
    bench.add_options(command)
    command.set_defaults(run=bench.main)
    return parser


def _train(options: argparse.Namespace) -> None:
    check_absent(options.output)
    examples = read_examples(options.data, options.split)
    with progress_bar() as progress:
        config = TrainConfig(
            method=options.method,
            base=options.base,
            seed=options.seed,
            max_tokens=options.max_tokens,
            tuning=Tuning(epochs=options.epochs, learning_rate=options.learning_rate),
        )
        if options.work:
            options.work.mkdir(parents=True, exist_ok=True)
        labelled = [example for example in examples if example.label is not None]
        result = train(labelled, config, progress, options.work)
    identity = save(result.critic, options.output, result.card)
    print(f"{options.output}: version {identity[:12]}, {result.critic.layers} layers, {result.seconds:.0f} s")
    print(f"cross-validated: {_summary(result.metrics)}")


def _evaluate(options: argparse.Namespace) -> None:
    examples = [example for example in read_examples(options.data, options.split) if example.label is not None]
    predictions = _predict(Scorer.load(options.critic), [example.text for example in examples])
    metrics = evaluate([prediction.positive for prediction in predictions], labels_of(examples))
    version = fingerprint(options.critic)
    print(json.dumps({**metrics, "version": version}) if options.json else _summary(metrics))


def _report(options: argparse.Namespace) -> None:
    found = report.report(Scorer.load(options.critic), read_examples(options.data), read_examples(options.demo))
    print(json.dumps(found | {"version": fingerprint(options.critic)}) if options.json else report.in_markdown(found))
    if options.figure:
        report.draw_calibration(options.figure, found["test"]["calibration"])


def _score(options: argparse.Namespace) -> None:
    texts = read_texts(options.input)
    scorer = Scorer.load(options.critic)
    with whole_file(options.output) as handle:
        predictions = read_again(scorer, texts, _predict(scorer, texts))
        for text, prediction in zip(texts, predictions, strict=True):
            falls = leave_one_out(scorer, text, prediction) if options.leave_one_out else None
            handle.write(f"{json.dumps(_row(prediction, falls))}\n".encode())


def _row(prediction: Prediction, falls: Sequence[float] | None) -> dict[str, object]:
    marks = {mark.sentence: (rank, mark.favourable) for rank, mark in enumerate(prediction.marks, 1)}
    sentences: list[dict[str, object]] = [
        {
            "start": sentence.start,
            "end": sentence.end,
            "share": sentence.share,
            "read": sentence.read,
            "aspects": {m.aspect: m.positive for m in prediction.mentions if m.sentence == position},
            "mark": marks[position][0] if position in marks else None,
            "sign": ("+" if marks[position][1] else "-") if position in marks else None,
        }
        for position, sentence in enumerate(prediction.sentences)
    ]
    for sentence, fall in zip(sentences, falls or (), strict=falls is not None):
        sentence["leave_one_out"] = fall
    return {
        "positive": prediction.positive,
        "verdict": "unread" if prediction.positive is None else verdict(prediction.positive),
        **({"reason": prediction.unread} if prediction.unread else {"by": prediction.by}),
        "logit": prediction.logit,
        "bias": prediction.bias,
        "sentences": sentences,
    }


def _predict(scorer: Scorer, texts: Sequence[str]) -> list[Prediction]:
    predictions: list[Prediction] = []
    with progress_bar() as progress:
        for done, prediction in enumerate(scorer.read(texts), 1):
            predictions.append(prediction)
            progress(done / len(texts), f"read {done} of {len(texts)}")
    return predictions


def _summary(metrics: Metrics) -> str:
    count = metrics.get("unread")
    unread = f" ({count} unread, which are wrong)" if count else ""
    return (
        f"accuracy {metrics['accuracy']:.1%} ({metrics['accuracy_low']:.1%} to {metrics['accuracy_high']:.1%}) "
        f"of {metrics['n']}{unread}, macro-F1 {metrics['macro_f1']:.3f}, Brier {metrics['brier']:.3f}, "
        f"ECE {metrics['ece']:.3f}"
    )


if __name__ == "__main__":
    sys.exit(main())
