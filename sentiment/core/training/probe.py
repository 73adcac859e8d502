"""Fits logistic regressions on a frozen encoder's states: the critic's first answer, and its best start."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from scipy.optimize import minimize
from scipy.special import expit
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from sentiment.core.corpus.data import DataError
from sentiment.core.critic.classifier import Critic
from sentiment.core.critic.devices import half_pays
from sentiment.core.critic.encoding import Encoded, length_sorted_batches, token_budget

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Fold = tuple[Ints, Ints]

STRENGTHS: Final = (1e-3, 3e-3, 1e-2, 3e-2, 1e-1, 3e-1)
"""Inverse regularisation strengths (scikit-learn's C) to choose from, for standardised features."""
CORRECTIONS: Final = (1e-6, 1e-5, 1e-4, *STRENGTHS)
"""The same for the difference from a known layer: the least leave it as it is."""


ENOUGH: Final = 1000
"""From more labels than this, one round of folds tells as much as several do from fewer."""


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
    """The layer (counted from 1) and C of least log loss, and the logits [n] that folds without them gave the texts.

    `around` is the known layer that is corrected, where that was best, else None.
    """

    layer: int
    strength: float
    logits: Floats
    around: Linear | None = None


def layer_features(
    critic: Critic, encoded: Sequence[Encoded], report: Callable[[float, str], None]
) -> npt.NDArray[np.float32]:
    """Return the mean over each text's own tokens after every layer, [layers, n, hidden], in one pass."""
    features = np.zeros((critic.layers, len(encoded), critic.head.in_features), np.float32)
    done = 0
    for positions in length_sorted_batches(encoded, token_budget(critic.device)):
        batch = critic.text_encoder.collate([encoded[i] for i in positions], critic.device)
        with torch.inference_mode():
            with torch.autocast(critic.device.type, torch.bfloat16, enabled=half_pays(critic.device)):
                output = critic.encoder(batch.input_ids, attention_mask=batch.attention_mask, output_hidden_states=True)
            weights = batch.own / batch.own.sum(dim=1, keepdim=True).clamp(min=1)
            for layer, hidden in enumerate(output.hidden_states[1:]):
                features[layer, positions] = torch.einsum("nth,nt->nh", hidden.float(), weights).cpu().numpy()
        done += len(positions)
        report(done / len(encoded), f"reading {done} of {len(encoded)} texts")
    return features


def fit_probe(
    features: npt.NDArray[np.floating], labels: Ints, strength: float, around: Linear | None = None
) -> Linear:
    """Fit a logistic regression to features [n, hidden], with its standardisation folded into the linear layer.

    With `around`, what is fitted and kept small is the difference from that layer: few labels then change it little.
    """
    scaler = StandardScaler().fit(features)
    scaled = scaler.transform(features).astype(np.float64)
    known = around.logits(features) if around else np.zeros(len(labels))
    signs = np.where(labels == 1, 1.0, -1.0)

    def objective(parameters: Floats) -> tuple[float, Floats]:
        weight, bias = parameters[:-1], parameters[-1]
        margins = signs * (known + scaled @ weight + bias)
        pull = -strength * signs * expit(-margins)
        loss = strength * np.logaddexp(0, -margins).sum() + weight @ weight / 2
        return float(loss), np.append(scaled.T @ pull + weight, pull.sum())

    start, precision = np.zeros(features.shape[1] + 1), {"maxiter": 1000, "ftol": 1e-12, "gtol": 1e-6}
    found = minimize(objective, start, jac=True, method="L-BFGS-B", options=precision)
    weight = found.x[:-1] / scaler.scale_
    bias = float(found.x[-1] - weight @ scaler.mean_)
    return Linear(weight + around.weight, bias + around.bias) if around else Linear(weight, bias)


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


def rounds_of_folds(labels: Ints, groups: Sequence[str], folds: int, seed: int, rounds: int) -> list[list[Fold]]:
    """Split `rounds` times, with other seeds. Raises as folds_of."""
    return [folds_of(labels, groups, folds, seed + i) for i in range(rounds if len(labels) <= ENOUGH else 1)]


def choose_probe(
    features: npt.NDArray[np.floating],
    labels: Ints,
    repeated_folds: Sequence[Sequence[Fold]],
    report: Callable[[float, str], None],
    known: Linear | None = None,
) -> Choice:
    """Choose layer and C by cross-validation on features [layers, n, hidden]; log loss, averaged over repeated folds.

    Log loss rather than accuracy: on a few hundred texts it is the less noisy of the two, and it needs calibration.
    With `known`, a linear layer for the last of the layers, correcting that one is tried as well.
    """
    layers = len(features)
    tried: list[tuple[float, Choice]] = []
    starts = [(layer, None) for layer in range(1, layers + 1)] + ([(layers, known)] if known else [])
    # For matrices this small, threads mostly wait for each other: on a busy machine, several times as long.
    with threadpool_limits(1):
        for done, (layer, around) in enumerate(starts, start=1):
            for strength in STRENGTHS if around is None else CORRECTIONS:
                logits = np.zeros((len(repeated_folds), len(labels)))
                for repeat, folds in enumerate(repeated_folds):
                    for train, test in folds:
                        probe = fit_probe(features[layer - 1, train], labels[train], strength, around)
                        logits[repeat, test] = probe.logits(features[layer - 1, test])
                loss = float(np.logaddexp(0, np.where(labels == 1, -logits, logits)).mean())
                tried.append((loss, Choice(layer, strength, logits[0], around)))
            report(done / len(starts), f"cross-validating layer {layer} of {layers}")
    return min(tried, key=lambda pair: pair[0])[1]
