"""The learning-curve experiment: how often each model is right for how many labels. Resumable, cell by cell."""

import argparse
import shutil
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import numpy as np
import torch

from sentiment.core.corpus.data import HELDOUT_SHA256, DataError, Example, draw, identity_of, labels_of, read_examples
from sentiment.core.critic.bases import resolve_base
from sentiment.core.critic.calibration import probability
from sentiment.core.critic.checkpoints import CARD, MANIFEST, SHIPPED, fingerprint, read_card
from sentiment.core.critic.devices import best_device
from sentiment.core.critic.engines import engine_for, read_all
from sentiment.core.curve.baselines import embedding_means, layer_means, regression, word2vec_means
from sentiment.core.curve.features import FeatureStore
from sentiment.core.curve.report import (
    SIZES,
    Row,
    append_row,
    draw_figure,
    read_rows,
    shipped_point,
    write_page,
)
from sentiment.core.curve.ulmfit import ulmfit
from sentiment.core.curve_models import MODELS
from sentiment.core.evaluation import Metrics, evaluate
from sentiment.core.files import whole_file
from sentiment.core.significance import mcnemar
from sentiment.core.training.finetuning import Tuning
from sentiment.core.training.nb_svm import Answer, nb_svm
from sentiment.core.training.train import TrainConfig, train

Reader = Callable[[Sequence[Example], Sequence[str], int], Answer]
"""Learns from labelled examples, and from no other label, with a seed; then judges texts."""

SEEDS: Final = (0, 1, 2)
WORK: Final = Path("var/curve")
BASES: Final = {"critic": "minilm", "critic-mpnet": "mpnet"}
"""What the critics start from."""
TUNINGS: Final = {"critic": Tuning(learning_rate=1e-4), "critic-mpnet": Tuning(learning_rate=3e-5)}
"""A narrow encoder that has not met reviews bears, and needs, larger steps than a wide one."""


@dataclass(frozen=True, slots=True)
class Corpus:
    """Labelled reviews to draw from, reviews to judge on, and texts that nobody labelled."""

    pool: list[Example]
    heldout: list[Example]
    unlabelled: list[str]

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read what `split` wrote. Raises DataError."""
        rows = read_examples(path)
        pool = [row for row in rows if row.split in ("seed", "train") and row.label is not None]
        heldout = [row for row in rows if row.split == "heldout" and row.label is not None]
        if not pool or not heldout:
            raise DataError(f"{path} needs labelled rows of the splits seed or train, and of heldout.")
        return cls(pool, heldout, [row.text for row in rows if row.split == "unlabelled"])


def reader_of(model: str, corpus: Corpus, work: Path, bases: Mapping[str, str] = BASES) -> Reader:
    """Make ready the model of that name (a key of MODELS); `bases` name what the critics start from.

    What can be shared by cells is kept in `work`.
    """
    if model in bases:
        return finetuned(bases[model], TUNINGS[model], work)
    texts_identity = identity_of(Example(text, None) for text in corpus.unlabelled)[:12]
    match model:
        case "nb-svm":
            return nb_svm
        case "ulmfit":
            return ulmfit(corpus.unlabelled, work / f"ulmfit-{texts_identity}")
    minilm, tokens = resolve_base("minilm"), TrainConfig().max_tokens
    if model == "probe":
        store = FeatureStore(work / f"layers-{minilm.sha256[:12]}-{tokens}", layer_means(minilm, tokens))
    elif model == "word-vectors":
        store = FeatureStore(work / f"embeddings-{minilm.sha256[:12]}", embedding_means(minilm))
    else:
        folder = work / f"word2vec-{texts_identity}"
        store = FeatureStore(folder / "texts", word2vec_means(corpus.unlabelled, folder / "vectors.npz"))
    return lambda labelled, texts, seed: regression(labelled, texts, store.of, seed)


def finetuned(base: str, tuning: Tuning, work: Path) -> Reader:
    """Make ready the critic itself, fine-tuned from `base`; an interrupted fine-tuning is taken up from `work`."""
    identity, start = identity_of_base(base), _start(base, tuning)

    def read(labelled: Sequence[Example], texts: Sequence[str], seed: int) -> Answer:
        cell = work / f"finetune-{identity}-{identity_of(labelled)[:12]}-{seed}"
        cell.mkdir(parents=True, exist_ok=True)
        config = TrainConfig(method="finetune", base=base, seed=seed, finetune_folds=2, tuning=tuning)
        trained = train(labelled, config, work=cell)
        chosen, critic = trained.card["chosen"], trained.critic.to(best_device())
        logits, _ = read_all(critic, engine_for(critic), critic.text_encoder.encode(texts))
        positive = probability(logits, critic.temperature)
        shutil.rmtree(cell)
        return Answer(positive, f"{start} method={chosen['method']} layers={chosen['layers']} C={chosen['C']:g}")

    return read


def _start(base: str, tuning: Tuning) -> str:
    return f"base={identity_of_base(base)} rate={tuning.learning_rate:g} epochs={tuning.epochs}"


def identity_of_base(base: str) -> str:
    """Return twelve digits that tell a base's, or a checkpoint's, weights from any other's."""
    whole = fingerprint(base) if (Path(base) / MANIFEST).is_file() else resolve_base(base).sha256
    return whole[:12]


def run(
    corpus: Corpus,
    cells: Iterable[tuple[str, int, int]],
    path: Path,
    work: Path,
    bases: Mapping[str, str] = BASES,
    say: Callable[[str], None] = print,
) -> None:
    """Run the cells (model, size, seed) that have no row in `path`, and add their rows; keep their answers in `work`.

    The same cell gives the same figures again, its seconds aside. Raises DataError where `path` holds rows of a critic
    that started from another base or in other steps: they would stand for this one.
    """
    cells = list(cells)
    for name in {model for model, _, _ in cells} & bases.keys():
        others = {row.detail for row in read_rows(path) if row.model == name}
        start = _start(bases[name], TUNINGS[name])
        if not all(detail.startswith(f"{start} ") for detail in others):
            raise DataError(
                f"{path} has rows of {name} from another start than {bases[name]} ({start}): "
                "remove them, or name a new file."
            )
    texts, labels = [example.text for example in corpus.heldout], labels_of(corpus.heldout)
    readers: dict[str, Reader] = {}
    for model, size, seed in cells:
        if _has_row(path, model, size, seed):
            continue
        labelled = draw(corpus.pool, size, seed)
        if model not in readers:
            readers[model] = reader_of(model, corpus, work, bases)
        started = time.perf_counter()
        answer = readers[model](labelled, texts, seed)
        seconds = time.perf_counter() - started
        found = evaluate(answer.positive, labels)
        right = (np.asarray(answer.positive) > 0.5) == np.asarray(labels)
        _keep(_answer_path(work, model, size, seed), right)
        if not _has_row(path, model, size, seed):
            append_row(path, _row(model, size, seed, found, seconds, answer.detail))
        say(f"{model}, {size} labels, seed {seed}: {found['accuracy']:.1%} in {seconds:.0f} s")


def _has_row(path: Path, model: str, size: int, seed: int) -> bool:
    # Read again each time: another process may be at work on cells of the same file.
    return (model, size, seed) in {(row.model, row.size, row.seed) for row in read_rows(path)}


def _row(model: str, size: int, seed: int, found: Metrics, seconds: float, detail: str) -> Row:
    return Row(
        model=model,
        size=size,
        seed=seed,
        accuracy=round(found["accuracy"], 4),
        low=round(found["accuracy_low"], 4),
        high=round(found["accuracy_high"], 4),
        ece=round(found["ece"], 4),
        seconds=round(seconds, 1),
        device=torch.cuda.get_device_name() if best_device().type == "cuda" else "cpu",
        detail=detail,
    )


def compare(first: str, second: str, sizes: Iterable[int], seeds: Iterable[int], work: Path) -> str:
    """Return a Markdown table of McNemar's test between two models, for each cell that both have an answer for."""
    lines = [f"| labels | seed | only {first} right | only {second} right | p |", "|---|---|---|---|---|"]
    for size in sizes:
        for seed in seeds:
            paths = [_answer_path(work, model, size, seed) for model in (first, second)]
            if all(path.is_file() for path in paths):
                found = mcnemar(*(np.load(path) for path in paths))
                lines.append(f"| {size:,} | {seed} | {found.only_a} | {found.only_b} | {found.p:.2g} |")
    return "\n".join(lines)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the experiment's options to the parser of a command."""
    parser.add_argument("--csv", type=Path, required=True, metavar="F.csv", help="the rows: what is there is not rerun")
    parser.add_argument("--data", type=Path, metavar="F.jsonl", help="run the missing cells on what `split` wrote")
    parser.add_argument("--work", type=Path, default=WORK, metavar="DIR", help=f"what cells share (default: {WORK})")
    parser.add_argument("--models", nargs="+", choices=[*MODELS], default=[*MODELS])
    parser.add_argument("--sizes", nargs="+", type=int, default=SIZES, metavar="N")
    parser.add_argument("--seeds", nargs="+", type=int, default=SEEDS, metavar="N")
    parser.add_argument("--base", default=BASES["critic"], help="what the model `critic` starts from")
    parser.add_argument("--large-base", default=BASES["critic-mpnet"], help="what the model `critic-mpnet` starts from")
    parser.add_argument("--compare", nargs=2, choices=[*MODELS], metavar=("A", "B"), help="print McNemar's test")
    parser.add_argument("--figure", type=Path, metavar="PATH", help="draw PATH.png and PATH.svg from the rows")
    parser.add_argument(
        "--shipped", type=Path, default=SHIPPED, metavar="DIR", help="the critic whose card's test set is marked in it"
    )
    parser.add_argument("--page", type=Path, metavar="F.md", help="write the tables of the rows into this page")


def main(options: argparse.Namespace) -> None:
    """Do what the options ask for: run cells, compare, draw, write, in this order. Raises DataError."""
    if options.data:
        corpus = Corpus.read(options.data)
        known = identity_of(corpus.heldout) == HELDOUT_SHA256
        print(f"judged on {len(corpus.heldout)} texts, {'' if known else 'not '}the published test set")
        cells = [(m, size, seed) for m in options.models for size in options.sizes for seed in options.seeds]
        bases = {"critic": options.base, "critic-mpnet": options.large_base}
        run(corpus, cells, options.csv, options.work, bases)
    if options.compare:
        first, second = options.compare
        print(compare(first, second, options.sizes, options.seeds, options.work))
    if options.figure:
        card = read_card(options.shipped) if (options.shipped / CARD).exists() else {}
        draw_figure(options.figure, read_rows(options.csv), shipped_point(card))
    if options.page:
        write_page(options.page, read_rows(options.csv))


def _answer_path(work: Path, model: str, size: int, seed: int) -> Path:
    return work / "answers" / f"{model}-{size}-{seed}.npy"


def _keep(path: Path, right: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as handle:
        np.save(handle, right)
