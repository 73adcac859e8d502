"""Logistic regression on what a frozen encoder makes of each text: the critic's first answer, and its best start."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from sentiment.core.classifier import Critic
from sentiment.core.data import DataError
from sentiment.core.encoding import Encoded, length_sorted_batches, token_budget

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Fold = tuple[Ints, Ints]

STRENGTHS: Final = (1e-3, 3e-3, 1e-2, 3e-2, 1e-1, 3e-1)
"""Inverse regularisation strengths (scikit-learn's C) to choose from, for standardised features."""


@dataclass(frozen=True, slots=True)
class Linear:
    """A linear layer of one output: logit = features · weight + bias."""

    weight: Floats
    bias: float

    def logits(self, features: npt.NDArray[np.floating]) -> Floats:
        """Return the logits [n] of features [n, hidden]."""
        return np.asarray(features @ self.weight + self.bias)


@dataclass(frozen=True, slots=True)
class Choice:
    """The layer (counted from 1) and C of least log loss, and the logits [n] that folds without them gave the texts."""

    layer: int
    strength: float
    logits: Floats


def layer_features(
    critic: Critic, encoded: Sequence[Encoded], report: Callable[[float, str], None]
) -> npt.NDArray[np.float32]:
    """Return the mean over each text's own tokens after every layer, [layers, n, hidden], in one pass."""
    features = np.zeros((critic.layers, len(encoded), critic.head.in_features), np.float32)
    done = 0
    for positions in length_sorted_batches(encoded, token_budget(critic.device)):
        batch = critic.text_encoder.collate([encoded[i] for i in positions], critic.device)
        with torch.inference_mode():
            output = critic.encoder(batch.input_ids, attention_mask=batch.attention_mask, output_hidden_states=True)
            weights = batch.own / batch.own.sum(dim=1, keepdim=True).clamp(min=1)
            for layer, hidden in enumerate(output.hidden_states[1:]):
                features[layer, positions] = torch.einsum("nth,nt->nh", hidden, weights).cpu().numpy()
        done += len(positions)
        report(done / len(encoded), f"reading {done} of {len(encoded)} texts")
    return features


def fit_probe(features: npt.NDArray[np.floating], labels: Ints, strength: float) -> Linear:
    """Fit a logistic regression to features [n, hidden], with its standardisation folded into the linear layer."""
    scaler = StandardScaler().fit(features)
    model = LogisticRegression(C=strength, max_iter=1000).fit(scaler.transform(features), labels)
    weight = model.coef_[0] / scaler.scale_
    return Linear(weight, float(model.intercept_[0] - weight @ scaler.mean_))


def folds_of(labels: Ints, groups: Sequence[str], folds: int, seed: int) -> list[Fold]:
    """Split n texts into (train, test) positions by label, keeping each group whole; "" is a group of its own.

    Raises DataError where the groups leave some fold nothing to learn from.
    """
    names = np.array([group or f"\0{i}" for i, group in enumerate(groups)])
    folds = min(folds, len(set(names)))
    if folds < 2:
        raise DataError("All labelled texts belong to one film: label reviews of others too.")
    splitter = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
    parts = [(train, test) for train, test in splitter.split(names, labels, names) if len(test)]
    if any(len(set(labels[train])) < 2 for train, _ in parts):
        raise DataError("The texts of one label come from too few films: label reviews of others too.")
    return parts


def choose_probe(
    features: npt.NDArray[np.floating],
    labels: Ints,
    repeated_folds: Sequence[Sequence[Fold]],
    report: Callable[[float, str], None],
) -> Choice:
    """Choose layer and C by cross-validation on features [layers, n, hidden]; log loss, averaged over repeated folds.

    Log loss rather than accuracy: on a few hundred texts it is the less noisy of the two, and it needs calibration.
    """
    layers = len(features)
    logits = np.zeros((layers, len(STRENGTHS), len(repeated_folds), len(labels)))
    # For matrices this small, threads mostly wait for each other: on a busy machine, several times as long.
    with threadpool_limits(1):
        for layer, repeat, (train, test) in _progressing(layers, repeated_folds, report):
            for i, strength in enumerate(STRENGTHS):
                probe = fit_probe(features[layer, train], labels[train], strength)
                logits[layer, i, repeat, test] = probe.logits(features[layer, test])
    losses = np.logaddexp(0, np.where(labels == 1, -logits, logits)).mean(axis=(2, 3))
    layer, best = np.unravel_index(losses.argmin(), losses.shape)
    return Choice(int(layer) + 1, STRENGTHS[best], logits[layer, best, 0])


def _progressing(
    layers: int, repeated_folds: Sequence[Sequence[Fold]], report: Callable[[float, str], None]
) -> Iterator[tuple[int, int, Fold]]:
    for layer in range(layers):
        for repeat, folds in enumerate(repeated_folds):
            for fold in folds:
                yield layer, repeat, fold
        report((layer + 1) / layers, f"cross-validating layer {layer + 1} of {layers}")
