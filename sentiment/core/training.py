"""Teaching a critic from labelled texts."""

import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

import numpy as np
import torch
from torch import nn

from sentiment.core.bases import resolve_base
from sentiment.core.calibration import fit_temperature, probability
from sentiment.core.classifier import Critic
from sentiment.core.data import DataError, Example, digest, labels_of
from sentiment.core.encoding import Encoded, length_sorted_batches, token_budget
from sentiment.core.evaluation import Metrics, evaluate
from sentiment.core.labels import LABELS
from sentiment.core.probe import Floats, Ints, Linear, choose_probe, fit_probe, folds_of, layer_features

Progress = Callable[[float, str], None]

FEWEST_PER_LABEL: Final = 5


@dataclass(frozen=True, slots=True)
class TrainConfig:
    """How to train. `layers` None: chosen by cross-validation. From `learning_rate` on, for finetune only."""

    method: Literal["probe", "finetune"] = "probe"
    base: str = "minilm"
    seed: int = 0
    layers: int | None = None
    max_tokens: int = 256
    head_share: float = 0.5
    folds: int = 5
    repeats: int = 3
    learning_rate: float = 3e-5
    epochs: int = 4
    batch_size: int = 16
    warm_up: float = 0.1
    weight_decay: float = 0.01
    gradient_norm: float = 1.0
    finetune_folds: int = 3


@dataclass(frozen=True, slots=True)
class TrainResult:
    """A trained critic; its metrics on texts held out in cross-validation; a card of what it was made from."""

    critic: Critic
    metrics: Metrics
    card: dict[str, Any]
    seconds: float


def train(
    examples: Sequence[Example], config: TrainConfig | None = None, progress: Progress | None = None
) -> TrainResult:
    """Train a critic on labelled examples; the same examples, configuration and machine give the same critic.

    "probe": logistic regression on frozen features of the best layer. "finetune": from that start, the layers above
    the embeddings are trained too (LP-FT, Kumar et al. 2022, arXiv:2202.10054). `progress` is told the fraction done
    and what is going on. Raises DataError for labels that cannot be learnt from, BaseError for an unusable base.
    """
    started = time.perf_counter()
    config = config or TrainConfig()
    report = progress or (lambda _fraction, _message: None)
    labels = _checked_labels(examples)
    groups = [example.group for example in examples]
    repeated_folds = [folds_of(labels, groups, config.folds, config.seed + repeat) for repeat in range(config.repeats)]
    probing = 1.0 if config.method == "probe" else 0.1

    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    whole = Critic(resolve_base(config.base), config.layers, config.max_tokens, config.head_share).to(device)
    encoded = whole.text_encoder.encode([example.text for example in examples])
    features = layer_features(whole, encoded, _stage(report, 0, 0.7 * probing))
    first = 0 if config.layers is None else config.layers - 1
    choice = choose_probe(features[first:], labels, repeated_folds, _stage(report, 0.7 * probing, probing))
    layers, logits = first + choice.layer, choice.logits

    def probed(positions: Ints) -> Critic:
        probe = fit_probe(features[layers - 1, positions], labels[positions], choice.strength)
        return _with_head(Critic(whole.base, layers, config.max_tokens, config.head_share).to(device), probe)

    critic = probed(np.arange(len(labels)))
    if config.method == "finetune":
        folds = folds_of(labels, groups, config.finetune_folds, config.seed)
        share = (1 - probing) / (len(folds) + 1)
        for i, (learnt, held_out) in enumerate(folds):
            judged = probed(learnt)
            stage = _stage(report, probing + i * share, probing + (i + 1) * share)
            _finetune(judged, [encoded[j] for j in learnt], labels[learnt], config, stage)
            logits[held_out] = _logits(judged, [encoded[j] for j in held_out])
        _finetune(critic, encoded, labels, config, _stage(report, 1 - share, 1.0))

    critic.temperature = fit_temperature(logits, labels)
    metrics = evaluate(probability(logits, critic.temperature), labels.tolist())
    card = _card(examples, labels, config, metrics)
    card["chosen"] = {"layers": layers, "C": choice.strength, "temperature": critic.temperature}
    return TrainResult(critic.cpu(), metrics, card, time.perf_counter() - started)


def _checked_labels(examples: Sequence[Example]) -> Ints:
    if not examples:
        raise DataError("There are no labelled texts to train on.")
    labels = np.asarray(labels_of(examples), dtype=np.int64)
    for name, count in zip(LABELS, np.bincount(labels, minlength=len(LABELS)), strict=True):
        if count < FEWEST_PER_LABEL:
            raise DataError(f"Training needs at least {FEWEST_PER_LABEL} texts of each label; {count} are {name}.")
    return labels


def _stage(report: Progress, low: float, high: float) -> Progress:
    """Make a progress that runs from 0 to 1 fill the part from `low` to `high` of another."""
    return lambda fraction, message: report(low + (high - low) * fraction, message)


def _with_head(critic: Critic, probe: Linear) -> Critic:
    with torch.no_grad():
        critic.head.weight.copy_(torch.from_numpy(probe.weight).unsqueeze(0))
        critic.head.bias.fill_(probe.bias)
    return critic


def _finetune(critic: Critic, encoded: Sequence[Encoded], labels: Ints, config: TrainConfig, report: Progress) -> None:
    """Train everything above the embeddings with AdamW: linear warm-up, then linear decay; gradients clipped."""
    critic.encoder.embeddings.requires_grad_(False)
    trained = [parameter for parameter in critic.parameters() if parameter.requires_grad]
    # Vectors are biases and layer norms; decaying those only hurts.
    optimizer = torch.optim.AdamW(
        [
            {"params": [p for p in trained if p.ndim > 1], "weight_decay": config.weight_decay},
            {"params": [p for p in trained if p.ndim == 1], "weight_decay": 0.0},
        ],
        lr=config.learning_rate,
    )
    steps = config.epochs * -(-len(encoded) // config.batch_size)
    warm_up = max(1, round(steps * config.warm_up))
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min((step + 1) / warm_up, (steps - step) / max(1, steps - warm_up))
    )
    lengths = torch.tensor([len(e.ids) for e in encoded])
    targets = torch.from_numpy(labels).float().to(critic.device)
    step = 0
    with torch.random.fork_rng():
        torch.manual_seed(config.seed)
        critic.train()
        for epoch in range(config.epochs):
            for positions in _shuffled_batches(lengths, config.batch_size):
                batch = critic.text_encoder.collate([encoded[i] for i in positions], critic.device)
                loss = nn.functional.binary_cross_entropy_with_logits(critic(batch).logits, targets[positions])
                optimizer.zero_grad()
                loss.backward()
                nn.utils.clip_grad_norm_(trained, config.gradient_norm)
                optimizer.step()
                schedule.step()
                step += 1
                report(step / steps, f"fine-tuning, epoch {epoch + 1} of {config.epochs}")
    critic.eval()


def _shuffled_batches(lengths: torch.Tensor, size: int) -> list[torch.Tensor]:
    """Deal texts into random batches of like length: without that, half of what is computed is padding."""
    windows = torch.split(torch.randperm(len(lengths)), 8 * size)
    batches = [batch for window in windows for batch in torch.split(window[lengths[window].argsort()], size)]
    return [batches[i] for i in torch.randperm(len(batches))]


def _logits(critic: Critic, encoded: Sequence[Encoded]) -> Floats:
    logits = np.zeros(len(encoded))
    with torch.inference_mode():
        for positions in length_sorted_batches(encoded, token_budget(critic.device)):
            batch = critic.text_encoder.collate([encoded[i] for i in positions], critic.device)
            logits[positions] = critic(batch).logits.cpu().numpy()
    return logits


def _card(examples: Sequence[Example], labels: Ints, config: TrainConfig, metrics: Metrics) -> dict[str, Any]:
    """Say what a critic was made from. Holds no time and no place: the same training has the same fingerprint."""
    rows = sorted(f"{digest(example.text)} {example.label}" for example in examples)
    counts = np.bincount(labels, minlength=len(LABELS)).tolist()
    return {
        "config": asdict(config),
        "labels": dict(zip(LABELS, counts, strict=True)),
        "groups": len({example.group for example in examples if example.group}),
        "labels_sha256": hashlib.sha256("\n".join(rows).encode()).hexdigest(),
        "cross_validation": metrics,
    }
