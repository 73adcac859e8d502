"""Making probabilities mean what they say."""

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize_scalar
from scipy.special import expit

Floats = npt.NDArray[np.floating]


def fit_temperature(logits: Floats, labels: npt.NDArray[np.integer]) -> float:
    """Return the T > 0 for which sigmoid(logits / T) has the least log loss against `labels` (0 or 1), both [n].

    The logits must come from texts that the model was not fitted on. T lies between 0.1 and 10. Source: Guo et al.
    2017, "On Calibration of Modern Neural Networks", arXiv:1706.04599.
    """
    signed = np.where(labels == 1, logits, -logits)
    best = minimize_scalar(
        lambda log_t: np.logaddexp(0, -signed / np.exp(log_t)).mean(),
        bounds=(np.log(0.1), np.log(10)),
        method="bounded",
    )
    return float(np.exp(best.x))


def probability(logits: Floats | float, temperature: float) -> Floats:
    """Return the calibrated probability of positive, of the shape of `logits`."""
    return np.asarray(expit(np.asarray(logits, dtype=np.float64) / temperature))
