"""Making a version of a trained critic: a folder named by its fingerprint, and a row."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from django.conf import settings

from sentiment.core.corpus.data import Example, labels_of, read_examples
from sentiment.core.critic import checkpoints
from sentiment.core.critic.scorer import Scorer
from sentiment.core.evaluation import Metrics, evaluate, right
from sentiment.core.files import sync
from sentiment.core.training.nb_svm import nb_svm
from sentiment.core.training.train import TrainResult
from sentiment.demo import CORPUS
from sentiment.models import ModelVersion


def heldout() -> list[Example]:
    """Return the packaged labels that no critic learns from: ten whole films of the demo corpus, named by row."""
    named = [replace(example, identity=str(row)) for row, example in enumerate(read_examples(CORPUS), 1)]
    return [example for example in named if example.split == "heldout"]


def evaluated(critic: Path, examples: list[Example]) -> Metrics:
    """Return how good a critic is on labelled texts."""
    return evaluate(_read(critic, examples), labels_of(examples))


def _read(critic: Path, examples: list[Example]) -> list[float | None]:
    predictions = Scorer.load(critic, device=settings.SENTIMENT_DEVICE or None).predict([e.text for e in examples])
    return [prediction.positive for prediction in predictions]


def shipped() -> ModelVersion:
    """Return the version of the critic that comes with the project. Raises CheckpointError where that is damaged."""
    card, manifest = checkpoints.read_card(checkpoints.SHIPPED), checkpoints.read_manifest(checkpoints.SHIPPED)
    with _scratch() as folder:
        shutil.copytree(checkpoints.SHIPPED, folder)
        os.sync()
        return _keep(
            folder,
            {"report": card["report"]} if "report" in card else None,
            name="the shipped critic",
            method="shipped",
            base=manifest["base"]["name"],
            layers=manifest["layers"],
            labels=sum(card["labels"].values()),
        )


def made(result: TrainResult, learnt: list[Example], *, name: str, base: str) -> ModelVersion:
    """Make the version of a training and the labels it learnt from; the same training comes out as the same version."""
    with _scratch() as folder:
        checkpoints.save(result.critic, folder, result.card)
        method, layers = result.card["chosen"]["method"], result.critic.layers
        metrics = {"cross_validation": result.metrics}
        return _keep(folder, metrics, learnt, name=name, method=method, base=base, layers=layers, labels=len(learnt))


def _beside_nb_svm(judges: list[Example], positive: list[float | None], learnt: list[Example]) -> dict[str, Any]:
    """Return how often NB-SVM from the same labels is right on the same texts, and where only one of both is.

    In the form of the shipped card's report, which names rows.
    """
    labels = labels_of(judges)
    simpler = nb_svm(learnt, [example.text for example in judges], seed=0).positive
    critic_right, simpler_right = right(positive, labels), right(simpler, labels)

    def rows(chosen: np.ndarray) -> list[int]:
        return [int(example.identity) for example, wanted in zip(judges, chosen, strict=True) if wanted]

    return {
        "accuracy": float(simpler_right.mean()),
        "demo_rows": {
            "only_critic_right": rows(critic_right & ~simpler_right),
            "only_nb_svm_right": rows(simpler_right & ~critic_right),
        },
    }


@contextmanager
def _scratch() -> Iterator[Path]:
    """Yield the path for a new folder beside where versions are kept: it can be moved there at once, or is removed."""
    root = Path(settings.MODELS_DIR)
    root.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=root) as scratch:
        yield Path(scratch) / "critic"


def _keep(
    folder: Path, metrics: dict[str, Any] | None = None, learnt: list[Example] | None = None, **facts: Any
) -> ModelVersion:
    fingerprint = checkpoints.fingerprint(folder)
    kept = Path(settings.MODELS_DIR) / fingerprint
    # The same training, or another process, may have brought it already.
    with suppress(OSError):
        folder.rename(kept)
    checkpoints.read_manifest(kept, fingerprint)
    # The row must not outlive its folder in a loss of power.
    sync(kept.parent)
    judges = heldout()
    positive = _read(kept, judges)
    found: dict[str, Any] = {"heldout": evaluate(positive, labels_of(judges))}
    if learnt is not None:
        found["nb_svm"] = _beside_nb_svm(judges, positive, learnt)
    facts |= {"name": facts["name"][:80], "base": facts["base"][:120], "metrics": found | (metrics or {})}
    version, _ = ModelVersion.objects.get_or_create(fingerprint=fingerprint, defaults=facts)
    return version
