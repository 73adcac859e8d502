"""Temperature scaling: divides logits by one number, so that probabilities are as often right as they say."""

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize_scalar
from scipy.special import expit

Floats = npt.NDArray[np.floating]


def fit_temperature(logits: Floats, labels: npt.NDArray[np.number]) -> float:
    """Return the T > 0 for which sigmoid(logits / T) has the least log loss against `labels`, both [n].

    Labels are 0 or 1, or probabilities of 1. The logits must come from texts that the model was not fitted on. T lies
    between 0.1 and 10. Source: Guo et al. 2017, "On Calibration of Modern Neural Networks", arXiv:1706.04599.
    """

    def loss(log_t: float) -> float:
        return log_loss(logits / np.exp(log_t), labels)

    best = minimize_scalar(loss, bounds=(np.log(0.1), np.log(10)), method="bounded")
    return float(np.exp(best.x))


def log_loss(logits: Floats, labels: npt.NDArray[np.number]) -> float:
    """Return the mean natural log loss of sigmoid(logits) against `labels` (0, 1, or probabilities of 1), both [n]."""
    return float((labels * np.logaddexp(0, -logits) + (1 - labels) * np.logaddexp(0, logits)).mean())


def calibrated_loss(logits: Floats, labels: npt.NDArray[np.number]) -> float:
    """Return the log loss at the best temperature: how well texts are told apart, whatever the logits' scale."""
    return log_loss(logits / fit_temperature(logits, labels), labels)


def probability(logits: Floats | float, temperature: float) -> Floats:
    """Return the calibrated probability of positive, of the shape of `logits`."""
    return np.asarray(expit(np.asarray(logits, dtype=np.float64) / temperature))
