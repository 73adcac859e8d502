"""Chooses the base that suits labels, and tells what more labels would bring, by cross-validation inside them."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from sentiment.core.corpus.data import Example
from sentiment.core.critic.bases import PACKAGED, BaseError, resolve_base
from sentiment.core.critic.checkpoints import MANIFEST, SHIPPED
from sentiment.core.critic.devices import best_device
from sentiment.core.progress import Progress
from sentiment.core.training.probe import (
    Choice,
    Floats,
    Fold,
    Ints,
    choose_probe,
    fit_probe,
    layer_features,
    rounds_of_folds,
)
from sentiment.core.training.train import TrainConfig, TrainResult, checked_labels, starting_point, verdict_so_far

SHARES: Final = (0.25, 0.5, 1.0)
"""Of each fold's training part: how accuracy grows over these is how it may be expected to grow on."""

WORTHWHILE: Final = 0.005


@dataclass(frozen=True, slots=True)
class Candidate:
    """A base, with the probe's cross-validated log loss and accuracy on its best layer."""

    base: str
    layer: int
    loss: float
    accuracy: float


@dataclass(frozen=True, slots=True)
class Outlook:
    """Cross-validated accuracies of the probe by number of labels; by their trend, that of all and of twice as many."""

    labels: tuple[int, ...]
    accuracies: tuple[float, ...]
    now: float
    doubled: float


@dataclass(frozen=True, slots=True)
class Selection:
    """The configuration to train with, what all bases promised (best first), and what more labels would bring."""

    config: TrainConfig
    candidates: tuple[Candidate, ...]
    outlook: Outlook


def select(examples: Sequence[Example], bases: Sequence[str], config: TrainConfig, report: Progress) -> Selection:
    """Choose among `bases` the one whose probe has the least log loss in cross-validation on `examples`.

    The rest of `config` is kept. Raises DataError for labels that cannot be learnt from, BaseError or CheckpointError
    for a base that cannot be used.
    """
    labels = checked_labels(examples)
    groups = [example.group for example in examples]
    repeated = rounds_of_folds(labels, groups, config.folds, config.seed, config.repeats)
    found: list[tuple[Candidate, Outlook]] = []
    for i, base in enumerate(bases):
        start = starting_point(replace(config, base=base)).to(best_device())

        def stage(fraction: float, message: str, done: int = i, name: str = base) -> None:
            report((done + fraction) / len(bases), f"{name}: {message}")

        encoded = start.text_encoder.encode([example.text for example in examples])
        features = layer_features(start, encoded, stage)
        known = verdict_so_far(start)
        choice = choose_probe(features, labels, repeated, lambda _fraction, _message: None, known)
        losses = np.logaddexp(0, np.where(labels == 1, -choice.logits, choice.logits))
        accuracy = float(((choice.logits > 0) == labels).mean())
        candidate = Candidate(base, choice.layer, float(losses.mean()), accuracy)
        found.append((candidate, _outlook(features[choice.layer - 1], labels, repeated, choice)))
    found.sort(key=lambda pair: pair[0].loss)
    return Selection(replace(config, base=found[0][0].base), tuple(candidate for candidate, _ in found), found[0][1])


def available_bases() -> list[str]:
    """Name the bases that are on this machine: the shipped critic and the packaged ones."""
    found = ["shipped"] if (SHIPPED / MANIFEST).is_file() else []
    for name in PACKAGED:
        with suppress(BaseError):
            found.append(resolve_base(name).name)
    return found


def in_words(selection: Selection, result: TrainResult) -> str:
    """Say what was chosen among what, how good it will be, and what more labels would bring."""
    found, outlook, chosen = result.metrics, selection.outlook, result.card["chosen"]
    others = ", ".join(f"{c.base} {c.accuracy:.1%}" for c in selection.candidates)
    gain = outlook.doubled - outlook.now
    more = (
        f"Twice as many labels may bring {100 * gain:.1f} points more."
        if gain >= WORTHWHILE
        else "More labels of this kind would bring little: under half a point for twice as many."
    )
    # Of many labels one part judges (training.MANY).
    judged = "In cross-validation" if found["n"] == sum(result.card["labels"].values()) else "Of a part kept out,"
    return (
        f"Chosen by cross-validation (probes: {others}): {selection.config.base}, first {chosen['layers']} layers, "
        f"{chosen['method']}.\n{judged} {found['accuracy']:.1%} of {found['n']} texts were right, "
        f"95 % interval {found['accuracy_low']:.1%} to {found['accuracy_high']:.1%}; "
        f"calibration error {found['ece']:.3f}. {more}"
    )


def _outlook(features: Floats, labels: Ints, repeated: Sequence[Sequence[Fold]], choice: Choice) -> Outlook:
    """Learn from parts of each fold's labels, and draw the line on: errors fall as a power of the number of labels.

    Source: Hestness et al. 2017, "Deep learning scaling is predictable, empirically", arXiv:1712.00409.
    """
    right = {share: [0, 0] for share in SHARES}
    counts = dict.fromkeys(SHARES, 0)
    for repeat, folds in enumerate(repeated):
        order = np.random.default_rng(repeat).permutation(len(labels))
        for learnt, judged in folds:
            shuffled = order[np.isin(order, learnt)]
            for share in SHARES:
                part = shuffled[: round(share * len(shuffled))]
                if len(set(labels[part])) == 2:
                    probe = fit_probe(features[part], labels[part], choice.strength, choice.around)
                    logits = probe.logits(features[judged])
                    right[share][0] += int(((logits > 0) == labels[judged]).sum())
                    right[share][1] += len(judged)
                    counts[share] = max(counts[share], len(part))
    measured = [share for share in SHARES if right[share][1]]
    sizes = tuple(counts[share] for share in measured)
    accuracies = tuple(right[share][0] / right[share][1] for share in measured)
    now, doubled = extrapolated(sizes, accuracies, [len(labels), 2 * len(labels)])
    return Outlook(sizes, accuracies, now, doubled)


def extrapolated(sizes: Sequence[int], accuracies: Sequence[float], at: Sequence[int]) -> list[float]:
    """Extrapolate accuracies to the sizes `at` by a line through log error over log size, level where it would rise."""
    errors = np.clip(1 - np.asarray(accuracies), 1e-3, 1)
    if len(sizes) < 2:
        return [accuracies[-1]] * len(at)
    slope, height = np.polyfit(np.log(sizes), np.log(errors), 1)
    if slope > 0:
        return [float(1 - errors.mean())] * len(at)
    return [float(1 - np.exp(height + slope * np.log(size))) for size in at]
