"""Train, judge and use a critic from the command line: python -m sentiment.core --help."""

import argparse
import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tqdm import tqdm

from sentiment.core.bases import PACKAGED, BaseError
from sentiment.core.bench import measure
from sentiment.core.checkpoints import CheckpointError, check_absent, fingerprint, save
from sentiment.core.data import DataError, labels_of, read_examples, read_texts
from sentiment.core.evaluation import Metrics, evaluate
from sentiment.core.labels import verdict
from sentiment.core.scorer import Prediction, Scorer
from sentiment.core.training import Progress, TrainConfig, train

CHUNK = 256


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
    command.set_defaults(run=_train)

    command = commands.add_parser("evaluate", help="judge a critic on the labels of a JSONL file")
    command.add_argument("--critic", type=Path, required=True, metavar="DIR")
    command.add_argument("--data", type=Path, required=True, metavar="F.jsonl")
    command.add_argument("--split", default="heldout", help="of rows that name a split, use these (default: heldout)")
    command.add_argument("--json", action="store_true", help="print one JSON object")
    command.set_defaults(run=_evaluate)

    command = commands.add_parser("score", help="read the texts of a JSONL file")
    command.add_argument("--critic", type=Path, required=True, metavar="DIR")
    command.add_argument("--input", type=Path, required=True, metavar="F.jsonl")
    command.add_argument("--output", type=Path, required=True, metavar="G.jsonl")
    command.set_defaults(run=_score)

    command = commands.add_parser("bench", help="measure how fast a critic reads the texts of a JSONL file")
    command.add_argument(
        "--critic", type=Path, metavar="DIR", help="default: a probe trained on the seed rows of --data"
    )
    command.add_argument("--data", type=Path, required=True, metavar="F.jsonl")
    command.set_defaults(run=_bench)
    return parser


def _train(options: argparse.Namespace) -> None:
    check_absent(options.output)
    examples = read_examples(options.data, options.split)
    with _progress_bar() as progress:
        config = TrainConfig(method=options.method, base=options.base, seed=options.seed)
        result = train([example for example in examples if example.label is not None], config, progress)
    identity = save(result.critic, options.output, result.card)
    print(f"{options.output}: version {identity[:12]}, {result.critic.layers} layers, {result.seconds:.0f} s")
    print(f"cross-validated: {_summary(result.metrics)}")


def _evaluate(options: argparse.Namespace) -> None:
    examples = [example for example in read_examples(options.data, options.split) if example.label is not None]
    predictions = _predict(Scorer.load(options.critic), [example.text for example in examples])
    metrics = evaluate([prediction.positive for prediction in predictions], labels_of(examples))
    version = fingerprint(options.critic)
    print(json.dumps({**metrics, "version": version}) if options.json else _summary(metrics))


def _score(options: argparse.Namespace) -> None:
    texts = read_texts(options.input)
    predictions = _predict(Scorer.load(options.critic), texts)
    partial = options.output.with_name(f".{options.output.name}.{os.getpid()}.partial")
    try:
        with partial.open("x", encoding="utf-8") as handle:
            handle.writelines(json.dumps(_row(prediction)) + "\n" for prediction in predictions)
            handle.flush()
            os.fsync(handle.fileno())
        os.replace(partial, options.output)
    finally:
        partial.unlink(missing_ok=True)


def _bench(options: argparse.Namespace) -> None:
    examples = read_examples(options.data)
    if not examples:
        raise DataError(f"{options.data} holds no texts.")
    if options.critic:
        scorer = Scorer.load(options.critic)
    else:
        seed = [example for example in examples if example.split == "seed"]
        scorer = Scorer(train(seed).critic)
    print(json.dumps(measure(scorer, [example.text for example in examples])))


def _row(prediction: Prediction) -> dict[str, object]:
    sentences = [{"start": s.start, "end": s.end, "share": s.share, "read": s.read} for s in prediction.sentences]
    return {
        "positive": prediction.positive,
        "verdict": verdict(prediction.positive),
        "logit": prediction.logit,
        "bias": prediction.bias,
        "sentences": sentences,
    }


def _predict(scorer: Scorer, texts: Sequence[str]) -> list[Prediction]:
    predictions: list[Prediction] = []
    with _progress_bar() as progress:
        for start in range(0, len(texts), CHUNK):
            predictions += scorer.predict(texts[start : start + CHUNK])
            progress(len(predictions) / len(texts), f"read {len(predictions)} of {len(texts)}")
    return predictions


def _summary(metrics: Metrics) -> str:
    return (
        f"accuracy {metrics['accuracy']:.1%} ({metrics['accuracy_low']:.1%} to {metrics['accuracy_high']:.1%}) "
        f"of {metrics['n']}, macro-F1 {metrics['macro_f1']:.3f}, Brier {metrics['brier']:.3f}, ECE {metrics['ece']:.3f}"
    )


@contextmanager
def _progress_bar() -> Iterator[Progress]:
    # `disable=None` is tqdm's way to keep quiet where stderr is not a terminal.
    with tqdm(total=1.0, disable=None, bar_format="{l_bar}{bar}| {elapsed}<{remaining} {desc}") as bar:

        def progress(fraction: float, message: str) -> None:
            bar.set_description_str(message, refresh=False)
            bar.update(fraction - bar.n)

        yield progress


if __name__ == "__main__":
    sys.exit(main())
