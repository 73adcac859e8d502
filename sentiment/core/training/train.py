"""Trains a critic on labelled texts."""

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt
import torch

from sentiment.core.corpus.data import DataError, Example, identity_of, labels_of
from sentiment.core.critic.bases import resolve_base
from sentiment.core.critic.calibration import calibrated_loss, fit_temperature, probability
from sentiment.core.critic.checkpoints import MANIFEST, SHIPPED, fingerprint, load, read_card
from sentiment.core.critic.classifier import Critic
from sentiment.core.critic.devices import best_device
from sentiment.core.critic.encoding import Encoded, length_sorted_batches, token_budget
from sentiment.core.evaluation import Metrics, evaluate
from sentiment.core.labels import LABELS
from sentiment.core.progress import Progress, part_of
from sentiment.core.training.finetuning import Tuning, tune
from sentiment.core.training.probe import (
    Floats,
    Ints,
    Linear,
    choose_probe,
    fit_probe,
    folds_of,
    layer_features,
    rounds_of_folds,
)

FEWEST_PER_LABEL: Final = 5
MANY: Final = 800
"""With more labels than this, a part of them is enough to judge by."""
MOST_READINGS: Final = 10_000
"""After reading so many texts, repeated ones included, fine-tuning ends with the epoch, so that it stays practical."""


@dataclass(frozen=True, slots=True)
class TrainConfig:
    """The settings of a training. `layers` None: the probe's best by cross-validation, and for finetune `deeper` more.

    `base` is a base's name (see bases), "shipped", or the folder of a critic to start from, whose cutting of long texts
    is then kept. `tuning` is for finetune only; its `frozen` becomes the lower half of the layers, its `seed` this one.
    """

    method: Literal["probe", "finetune"] = "probe"
    base: str = "minilm"
    seed: int = 0
    layers: int | None = None
    deeper: int = 1
    max_tokens: int = 256
    head_share: float = 0.5
    folds: int = 5
    repeats: int = 3
    finetune_folds: int = 3
    folds_of_many: int = 8
    tuning: Tuning = field(default_factory=Tuning)


@dataclass(frozen=True, slots=True)
class TrainResult:
    """A trained critic; its metrics on texts held out in cross-validation; a card of what it was made from."""

    critic: Critic
    metrics: Metrics
    card: dict[str, Any]
    seconds: float


def train(
    examples: Sequence[Example],
    config: TrainConfig | None = None,
    progress: Progress | None = None,
    work: Path | None = None,
) -> TrainResult:
    """Train a critic on labelled examples; the same examples, configuration and machine give the same critic.

    "probe": logistic regression on frozen features of the best layer. "finetune": from that start, the upper layers are
    trained too (LP-FT, Kumar et al. 2022, arXiv:2202.10054), unless unseen texts say that the probe is better.
    `progress` is told the fraction done and what is going on; with `work`, a folder, fine-tuning can be interrupted and
    taken up again. Raises DataError for labels that cannot be learnt from, BaseError for an unusable base.
    """
    started = time.perf_counter()
    config = config or TrainConfig()
    report = progress or (lambda _fraction, _message: None)
    labels = checked_labels(examples)
    groups = [example.group for example in examples]
    repeated_folds = rounds_of_folds(labels, groups, config.folds, config.seed, config.repeats)
    probing = 1.0 if config.method == "probe" else 0.1

    whole = starting_point(config).to(best_device())
    encoded = whole.text_encoder.encode([example.text for example in examples])
    features = layer_features(whole, encoded, part_of(report, 0, 0.7 * probing))
    first = 0 if config.layers is None else whole.layers - 1
    stage = part_of(report, 0.7 * probing, probing)
    choice = choose_probe(features[first:], labels, repeated_folds, stage, verdict_so_far(whole))
    layers = first + choice.layer

    def probed(positions: Ints, layers: int) -> Critic:
        around = choice.around if layers == whole.layers else None
        probe = fit_probe(features[layers - 1, positions], labels[positions], choice.strength, around)
        return _with_head(whole.first(layers), probe)

    taught, method = None, "probe"
    if config.method == "finetune":
        deep = layers if config.layers else min(layers + config.deeper, whole.layers)
        lessons = _Lessons(encoded, labels, groups, config, work)
        rival = _Rival(features[layers - 1], choice.strength, choice.around)
        taught = _finetune(lessons, lambda learnt: probed(learnt, deep), rival, part_of(report, probing, 1.0))
        method = "finetune" if taught else method
    if taught is None:
        everything = np.arange(len(labels))
        taught = _Taught(probed(everything, layers), choice.logits, everything)

    critic = taught.critic
    judged = labels[taught.judged]
    critic.temperature = fit_temperature(taught.logits, judged)
    metrics = evaluate(probability(taught.logits, critic.temperature), judged.tolist())
    card = _card(examples, labels, config, metrics)
    card["chosen"] = {
        "method": method,
        "layers": critic.layers,
        "C": choice.strength,
        "corrects_known_head": choice.around is not None,
        "temperature": critic.temperature,
    }
    report(1.0, f"{method} on {len(labels)} labels")
    return TrainResult(critic.cpu(), metrics, card, time.perf_counter() - started)


@dataclass(frozen=True, slots=True)
class _Taught:
    """A critic, and the logits [m] that were given to the texts at `judged` [m] by critics that had not learnt them."""

    critic: Critic
    logits: Floats
    judged: Ints


@dataclass(frozen=True, slots=True)
class _Rival:
    """The probe that fine-tuning has to beat: features [n, hidden] of the layer it chose, and how it is fitted."""

    features: npt.NDArray[np.floating]
    strength: float
    around: Linear | None

    def logits(self, labels: Ints, learnt: Ints, judged: Ints) -> Floats:
        probe = fit_probe(self.features[learnt], labels[learnt], self.strength, self.around)
        return probe.logits(self.features[judged])


@dataclass(frozen=True, slots=True)
class _Lessons:
    """What fine-tuning learns from, and how."""

    encoded: Sequence[Encoded]
    labels: Ints
    groups: Sequence[str]
    config: TrainConfig
    work: Path | None

    def teach(self, name: str, critic: Critic, learnt: Ints, report: Progress) -> Critic:
        epochs = max(1, min(self.config.tuning.epochs, MOST_READINGS // len(learnt)))
        tuning = replace(self.config.tuning, epochs=epochs, frozen=(critic.layers + 1) // 2, seed=self.config.seed)
        targets = torch.from_numpy(self.labels[learnt])
        tune(critic, self.of(learnt), targets, tuning, report, self.work / f"{name}.pt" if self.work else None)
        return critic

    def of(self, positions: Ints) -> list[Encoded]:
        return [self.encoded[i] for i in positions]


def _finetune(lessons: _Lessons, start: Callable[[Ints], Critic], rival: _Rival, report: Progress) -> _Taught | None:
    """Fine-tune from the probe that `start` fits to some of the texts; None where `rival` tells unseen ones better.

    Both learn the same. Few labels judge by cross-validation and are then all learnt from; of many, one fold judges
    and is left out.
    """
    labels, config = lessons.labels, lessons.config
    many = len(labels) > MANY
    folds = folds_of(labels, lessons.groups, config.folds_of_many if many else config.finetune_folds, config.seed)
    folds = folds[:1] if many else folds
    logits, probe_logits, steps = np.zeros(len(labels)), np.zeros(len(labels)), len(folds) + (not many)
    for i, (learnt, held_out) in enumerate(folds):
        critic = lessons.teach(str(i), start(learnt), learnt, part_of(report, i / steps, (i + 1) / steps))
        logits[held_out] = logits_of(critic, lessons.of(held_out))
        probe_logits[held_out] = rival.logits(labels, learnt, held_out)
    judged = np.sort(np.concatenate([held_out for _, held_out in folds]))

    def loss(of: Floats) -> float:
        return calibrated_loss(of[judged], labels[judged])

    if loss(logits) >= loss(probe_logits):
        return None
    if not many:
        everything = np.arange(len(labels))
        critic = lessons.teach("all", start(everything), everything, part_of(report, 1 - 1 / steps, 1.0))
    return _Taught(critic, logits[judged], judged)


def starting_point(config: TrainConfig) -> Critic:
    """Load what `config` starts from, as deep as it may get. Raises BaseError or CheckpointError."""
    folder = SHIPPED if config.base == "shipped" else Path(config.base)
    if config.base != "shipped" and not (folder / MANIFEST).is_file():
        return Critic(resolve_base(config.base), config.layers, config.max_tokens, config.head_share)
    critic = load(folder)
    return critic if config.layers in (None, critic.layers) else critic.first(config.layers)


def origin_of(base: str) -> dict[str, Any] | None:
    """Return the card of the checkpoint `base`, as later cards tell it, with its version; None for a mere base."""
    folder = SHIPPED if base == "shipped" else Path(base)
    if not (folder / MANIFEST).is_file():
        return None
    card = read_card(folder)
    return {name: card[name] for name in card if name not in ("report", "label_ids")} | {"version": fingerprint(folder)}


def verdict_so_far(critic: Critic) -> Linear | None:
    """Return the calibrated head of a critic; None where it has learnt nothing yet."""
    weight = critic.head.weight[0].detach().cpu().double().numpy()
    return Linear(weight / critic.temperature, critic.bias / critic.temperature) if weight.any() else None


def checked_labels(examples: Sequence[Example]) -> Ints:
    """Return the labels [n] of texts that can be learnt from. Raises DataError for none, too few, or one label only."""
    if not examples:
        raise DataError("There are no labelled texts to train on.")
    labels = np.asarray(labels_of(examples), dtype=np.int64)
    for name, count in zip(LABELS, np.bincount(labels, minlength=len(LABELS)), strict=True):
        if count < FEWEST_PER_LABEL:
            raise DataError(f"Training needs at least {FEWEST_PER_LABEL} texts of each label; {count} are {name}.")
    return labels


def _with_head(critic: Critic, probe: Linear) -> Critic:
    with torch.no_grad():
        critic.head.weight.copy_(torch.from_numpy(probe.weight).unsqueeze(0))
        critic.head.bias.fill_(probe.bias)
    return critic


def logits_of(critic: Critic, encoded: Sequence[Encoded]) -> Floats:
    """Return the logits [n] of encoded texts."""
    logits = np.zeros(len(encoded))
    with torch.inference_mode():
        for positions in length_sorted_batches(encoded, token_budget(critic.device)):
            batch = critic.text_encoder.collate([encoded[i] for i in positions], critic.device)
            logits[positions] = critic(batch).logits.cpu().numpy()
    return logits


def _card(examples: Sequence[Example], labels: Ints, config: TrainConfig, metrics: Metrics) -> dict[str, Any]:
    """Say what a critic was made from. Holds no time and no place: the same training has the same fingerprint."""
    counts = np.bincount(labels, minlength=len(LABELS)).tolist()
    origin = origin_of(config.base)
    return ({"start": origin} if origin else {}) | {
        "config": asdict(config),
        "labels": dict(zip(LABELS, counts, strict=True)),
        "groups": len({example.group for example in examples if example.group}),
        "labels_sha256": identity_of(examples),
        "cross_validation": metrics,
    }
