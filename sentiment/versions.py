"""How a trained critic becomes a version: a folder named by its fingerprint, and a row."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from django.conf import settings

from sentiment.core import checkpoints
from sentiment.core.data import Example, labels_of, read_examples
from sentiment.core.evaluation import Metrics, evaluate
from sentiment.core.scorer import Scorer
from sentiment.core.training import TrainResult
from sentiment.demo import CORPUS
from sentiment.models import ModelVersion


def heldout() -> list[Example]:
    """The packaged labels that no critic learns from: ten whole films of the demo corpus."""
    return [example for example in read_examples(CORPUS) if example.split == "heldout"]


def judge(critic: Path, examples: list[Example]) -> Metrics:
    predictions = Scorer.load(critic, device=settings.SENTIMENT_DEVICE or None).predict([e.text for e in examples])
    return evaluate([prediction.positive for prediction in predictions], labels_of(examples))


def shipped() -> ModelVersion:
    """The version of the critic that comes with the project. Raises CheckpointError where it is missing or damaged."""
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


def made(result: TrainResult, *, name: str, base: str, labels: int) -> ModelVersion:
    """The version of a training; the same training comes out as the same version."""
    with _scratch() as folder:
        checkpoints.save(result.critic, folder, result.card)
        method, layers = result.card["chosen"]["method"], result.critic.layers
        metrics = {"cross_validation": result.metrics}
        return _keep(folder, metrics, name=name, method=method, base=base, layers=layers, labels=labels)


@contextmanager
def _scratch() -> Iterator[Path]:
    """A folder that is not there yet, beside where versions are kept: it can be moved there at once, or is removed."""
    root = Path(settings.MODELS_DIR)
    root.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=root) as scratch:
        yield Path(scratch) / "critic"


def _keep(folder: Path, metrics: dict[str, Any] | None = None, **facts: Any) -> ModelVersion:
    fingerprint = checkpoints.fingerprint(folder)
    kept = Path(settings.MODELS_DIR) / fingerprint
    # The same training, or another process, may have brought it already.
    with suppress(OSError):
        folder.rename(kept)
    # The row must not outlive its folder in a loss of power.
    checkpoints.sync(kept.parent)
    metrics = {"heldout": judge(kept, heldout())} | (metrics or {})
    facts |= {"name": facts["name"][:80], "base": facts["base"][:120], "metrics": metrics}
    version, _ = ModelVersion.objects.get_or_create(fingerprint=fingerprint, defaults=facts)
    return version
