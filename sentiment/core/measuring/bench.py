"""How fast a critic reads on this machine: each engine beside transformers' pipeline and what the processor allows.

Everything is measured in turns, round by round, and medians are compared: what else the machine does meanwhile slows
all of them alike.
"""

import argparse
import json
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from itertools import cycle, islice, product
from pathlib import Path
from statistics import median
from typing import Any, Final

import numpy as np
import torch
from tqdm import tqdm
from transformers import AutoModelForSequenceClassification, AutoTokenizer, pipeline

from sentiment.core.corpus.data import DataError, Example, read_examples, shuffled
from sentiment.core.critic.checkpoints import SHIPPED
from sentiment.core.critic.classifier import Critic
from sentiment.core.critic.engines import ENGINES, EngineError
from sentiment.core.critic.scorer import Scorer
from sentiment.core.critic.second_reading import read_again
from sentiment.core.evaluation import right
from sentiment.core.measuring.rivals import RIVALS

PROJECT: Final = Path(__file__).resolve().parents[3]
DEMO: Final = PROJECT / "sentiment" / "demo" / "reviews.jsonl"
ALONE: Final = 20
IN_WORKER: Final = 256
PEER_BATCHES: Final = (1, 8, 32)
PEER_TOKENS: Final = 512
TWICE: Final = "twice"

Calls = dict[str, Callable[[], Any]]


def add_options(command: argparse.ArgumentParser) -> None:
    """Add the options that `main` understands."""
    command.add_argument("--critic", type=Path, metavar="DIR", default=SHIPPED, help="default: the shipped critic")
    command.add_argument("--data", type=Path, metavar="F.jsonl", default=DEMO, help="default: the demo corpus")
    command.add_argument("--split", help="only rows of this split")
    command.add_argument("--texts", type=int, default=100, metavar="N", help="of them, drawn by seed (default: 100)")
    command.add_argument("--seed", type=int, default=0)
    command.add_argument("--rounds", type=int, default=3, metavar="N")
    command.add_argument("--rivals", action="store_true", help="also the engines that were tried and not kept")
    command.add_argument("--no-peer", action="store_true", help="without transformers' pipeline, which takes longest")
    command.add_argument("--linear", type=int, nargs="+", metavar="N", help="instead: how fast so many texts are read")
    command.add_argument("--json", action="store_true", help="print one JSON object instead of tables")


def main(options: argparse.Namespace) -> None:
    """Measure as asked, and print it. Raises DataError, CheckpointError."""
    examples = shuffled(read_examples(options.data, options.split), options.seed)
    if not examples:
        raise DataError(f"{options.data} holds no texts.")
    if options.linear:
        found = linear(Scorer.load(options.critic), [e.text for e in examples], options.linear, options.rounds)
    else:
        names = [*ENGINES, *(RIVALS if options.rivals else ())]
        peers = () if options.no_peer else PEER_BATCHES
        found = compare(options.critic, examples[: options.texts], names, peers, options.rounds)
    print(json.dumps(found) if options.json else in_markdown(found))


def linear(scorer: Scorer, texts: Sequence[str], sizes: Sequence[int], rounds: int) -> dict[str, Any]:
    """Measure the reviews per second for each number of texts, read again from the first where there are too few."""
    scorer.warm()
    calls: Calls = {str(size): partial(_read_many, scorer, texts, size) for size in sizes}
    seconds, _ = _in_turns(calls, rounds)
    rates = {size: int(size) / median(taken) for size, taken in seconds.items()}
    return {**_machine(scorer.critic), "rounds": rounds, "linear": {"engine": scorer.engine.name, **rates}}


def compare(
    folder: Path, examples: Sequence[Example], names: Sequence[str], peers: Sequence[int], rounds: int
) -> dict[str, Any]:
    """Measure the named engines on a checkpoint, and the pipeline at the batch sizes `peers`, on the same examples.

    Rates are per second, shares those of the measured matrix products of a precision, accuracy that on the examples
    with labels. An engine that cannot run here is left out. Raises CheckpointError.
    """
    texts = [example.text for example in examples]
    scorers = _scorers(folder, names)
    critic = next(iter(scorers.values())).critic
    readings: Calls = {name: partial(_read_many, scorer, texts, len(texts)) for name, scorer in scorers.items()}
    fastest = next(iter(scorers))
    twice = partial(_read_twice, scorers[fastest], texts)
    pipelines, products = _pipelines(critic, peers, texts), _products(critic.device)
    seconds, answers = _in_turns({**readings, TWICE: twice, **pipelines, **products}, rounds)
    rates = {name: len(texts) / median(taken) for name, taken in seconds.items()}
    ceilings = {name: _product_operations(critic.device) / median(seconds[name]) for name in products}
    engines = {}
    for name, scorer in scorers.items():
        tokens, operations = (total / len(texts) for total in _work(scorer, texts))
        engines[name] = {
            "reviews_per_second": rates[name],
            "tokens_per_second": rates[name] * tokens,
            **_alone(scorer, texts[:ALONE], rounds),
            "ceiling_share": {kind: rates[name] * operations / most for kind, most in ceilings.items()},
            "accuracy": _accuracy(answers[name], examples),
            **(_in_fresh_process(folder, name, texts[:IN_WORKER]) if name in ENGINES else {}),
        }
    return {
        **_machine(critic),
        "rounds": rounds,
        "texts": len(texts),
        "ceilings_gops": {kind: most / 1e9 for kind, most in ceilings.items()},
        "engines": engines,
        "read_twice": {"engine": fastest, "reviews_per_second": len(texts) / median(seconds[TWICE])},
        "pipeline": {name: rates[name] for name in pipelines},
    }


def in_markdown(found: dict[str, Any]) -> str:
    """Return what was found as a table."""
    machine = f"{found['device']}, {found['threads']} threads, median of {found['rounds']} rounds"
    critic = f"{found['layers']} layers, at most {found['max_tokens']} tokens"
    if "linear" in found:
        engine, *rates = found["linear"].items()
        return "\n".join([f"{engine[1]}: {critic}; {machine}", *(f"{n} texts: {rate:.1f}/s" for n, rate in rates)])
    ceilings = ", ".join(f"{kind} {most:.0f} GOP/s" for kind, most in found["ceilings_gops"].items())
    lines = [
        f"{found['texts']} reviews; {critic}; {machine}; matrix products: {ceilings}",
        "",
        f"| | reviews/s | tokens/s | alone p50, p95 (ms) | accuracy | share of {', '.join(found['ceilings_gops'])}"
        " | first verdict (s) | peak memory (MiB) |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name, row in found["engines"].items():
        alone = f"{row['single_p50_ms']:.0f}, {row['single_p95_ms']:.0f}"
        accuracy = "" if row["accuracy"] is None else f"{row['accuracy']:.2%}"
        shares = ", ".join(f"{share:.0%}" for share in row["ceiling_share"].values())
        fresh = f"{row['start_seconds']:.1f} | {row['peak_memory_mib']}" if "start_seconds" in row else "|"
        rates = f"{row['reviews_per_second']:.1f} | {row['tokens_per_second']:.0f}"
        lines.append(f"| {name} | {rates} | {alone} | {accuracy} | {shares} | {fresh} |")
    again = found["read_twice"]
    lines.append(f"| {again['engine']}, with the second reading | {again['reviews_per_second']:.1f} | | | | | | |")
    lines += [f"| {name} | {rate:.1f} | | | | | | |" for name, rate in found["pipeline"].items()]
    if peers := list(found["pipeline"].values()):
        name, row = next(iter(found["engines"].items()))
        default, best = (row["reviews_per_second"] / rate for rate in (peers[0], max(peers)))
        lines += ["", f"{name}: {default:.1f} × the pipeline at its defaults, {best:.1f} × its best batch size."]
    return "\n".join(lines)


def _in_fresh_process(folder: Path, engine: str, texts: Sequence[str]) -> dict[str, Any]:
    command = [sys.executable, "-m", "sentiment.core.measuring.worker_cost", str(folder.resolve()), engine]
    started = time.time()
    done = subprocess.run(command, input=json.dumps(texts), capture_output=True, text=True, check=True, cwd=PROJECT)
    measured = json.loads(done.stdout)
    imported, peak = measured["imported_kib"], measured["peak_kib"]
    return {
        "start_seconds": measured["first"] - started,
        "imported_memory_mib": imported and imported // 1024,
        "peak_memory_mib": peak and peak // 1024,
    }


def _machine(critic: Critic) -> dict[str, Any]:
    on_gpu = critic.device.type == "cuda"
    return {
        "device": torch.cuda.get_device_name(critic.device) if on_gpu else "cpu",
        "threads": torch.get_num_threads(),
        "layers": critic.layers,
        "max_tokens": critic.text_encoder.max_tokens,
    }


def _scorers(folder: Path, names: Sequence[str]) -> dict[str, Scorer]:
    scorers = {}
    for name in names:
        with suppress(EngineError, ImportError):
            scorer = Scorer.load(folder, engine=name if name in ENGINES else "torch")
            if name in RIVALS:
                scorer.engine = RIVALS[name](scorer.critic)
            scorer.warm()
            scorers[name] = scorer
    fastest, scorer = next(iter(scorers.items()))
    alone = Scorer(scorer.critic, engine=fastest)
    alone.warm()
    return scorers | {f"{fastest}, without annotator": alone}


def _read_many(scorer: Scorer, texts: Sequence[str], count: int) -> list[float | None]:
    """Read so many, again from the first where there are too few, and keep the verdicts alone."""
    return [prediction.positive for prediction in scorer.read(islice(cycle(texts), count))]


def _read_twice(scorer: Scorer, texts: Sequence[str]) -> None:
    read_again(scorer, texts, scorer.predict(texts))


def _in_turns(calls: Calls, rounds: int) -> tuple[dict[str, list[float]], dict[str, Any]]:
    """Make every call once a round; return the seconds each took and its last answer."""
    seconds: dict[str, list[float]] = defaultdict(list)
    answers = {}
    for _, (name, call) in tqdm(list(product(range(rounds), calls.items())), disable=None):
        started = time.perf_counter()
        answers[name] = call()
        seconds[name].append(time.perf_counter() - started)
    return seconds, answers


def _alone(scorer: Scorer, texts: Sequence[str], rounds: int) -> dict[str, float]:
    seconds, _ = _in_turns({str(i): partial(scorer.predict, [text]) for i, text in enumerate(texts)}, rounds)
    taken = [1000 * median(values) for values in seconds.values()]
    return {f"single_p{percent}_ms": float(np.percentile(taken, percent)) for percent in (50, 95)}


def _pipelines(critic: Critic, batches: Sequence[int], texts: list[str]) -> Calls:
    """The critic's whole base as a classifier in transformers' pipeline, its head untrained: that costs no time."""
    if not batches:
        return {}
    folder = critic.base.folder
    model = AutoModelForSequenceClassification.from_pretrained(folder, local_files_only=True)
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    pipe = pipeline("text-classification", model=model, tokenizer=tokenizer, device=critic.device)
    read = partial(pipe, texts, truncation=True, max_length=min(PEER_TOKENS, tokenizer.model_max_length))
    return {f"pipeline, batch {size}": partial(read, batch_size=size) for size in batches}


def _products(device: torch.device) -> Calls:
    """Square matrix products, the most that a processor does with a precision."""
    size = _product_size(device)
    wide = torch.randn(size, size, device=device)
    half, whole = wide.bfloat16(), (wide * 30).to(torch.int8)

    def waited(call: Callable[[], torch.Tensor]) -> Callable[[], None]:
        def run() -> None:
            call()
            if device.type == "cuda":
                torch.cuda.synchronize(device)

        run()
        return run

    return {
        "fp32": waited(lambda: wide @ wide),
        "bf16": waited(lambda: half @ half),
        "int8": waited(lambda: torch._int_mm(whole, whole)),
    }


def _product_size(device: torch.device) -> int:
    return 8192 if device.type == "cuda" else 1536


def _product_operations(device: torch.device) -> int:
    return 2 * _product_size(device) ** 3


def _work(scorer: Scorer, texts: Sequence[str]) -> tuple[int, int]:
    """Return the tokens of all texts, and the multiplications and additions of both networks' products on them."""
    lengths = np.array([len(encoded.ids) for encoded in scorer.critic.text_encoder.encode(texts)])
    operations = 0
    for network in (scorer.critic, scorer.annotator):
        if network is not None:
            hidden, within = network.encoder.config.hidden_size, network.encoder.config.intermediate_size
            linear = 2 * lengths * (4 * hidden**2 + 2 * hidden * within)
            operations += int(network.layers * (linear + 4 * lengths**2 * hidden).sum())
    return int(lengths.sum()), operations


def _accuracy(positive: Sequence[float | None], examples: Sequence[Example]) -> float | None:
    judged = [(p, e.label) for p, e in zip(positive, examples, strict=True) if e.label is not None]
    return float(right([p for p, _ in judged], [label for _, label in judged]).mean()) if judged else None
