"""Measures whether a critic gives away which texts it was made from: membership inference."""

from collections.abc import Sequence
from typing import TypedDict

import numpy as np
import numpy.typing as npt
from scipy.stats import mannwhitneyu

from sentiment.core.corpus.data import DataError

Floats = npt.NDArray[np.floating]


class Membership(TypedDict):
    """How well the loss tells texts that were learnt from apart from others: 0.5 is not at all, 1 is perfectly."""

    seen: int
    unseen: int
    auc: float
    auc_low: float
    auc_high: float


def membership(
    positive_seen: Floats, labels_seen: Sequence[int], positive_unseen: Floats, labels_unseen: Sequence[int]
) -> Membership:
    """Attack a critic by the loss on single texts: probabilities of positive and labels of both kinds, [n] and [m].

    `auc` is the chance that a seen text has a smaller loss than an unseen one, with the 95 % interval of Hanley and
    McNeil 1982. Source of the attack: Yeom et al. 2018, arXiv:1709.01604. Raises DataError where a kind is missing.
    """
    seen, unseen = _losses(positive_seen, labels_seen), _losses(positive_unseen, labels_unseen)
    if not len(seen) or not len(unseen):
        raise DataError("Both seen and unseen texts are needed.")
    n, m = len(seen), len(unseen)
    auc = float(mannwhitneyu(unseen, seen).statistic) / (n * m)
    q1, q2 = auc / (2 - auc), 2 * auc**2 / (1 + auc)
    variance = (auc * (1 - auc) + (n - 1) * (q1 - auc**2) + (m - 1) * (q2 - auc**2)) / (n * m)
    half = 1.96 * float(np.sqrt(max(variance, 0)))
    return Membership(seen=n, unseen=m, auc=auc, auc_low=max(0.0, auc - half), auc_high=min(1.0, auc + half))


def _losses(positive: Floats, labels: Sequence[int]) -> Floats:
    p = np.clip(np.asarray(positive, dtype=np.float64), 1e-12, 1 - 1e-12)
    return -np.log(np.where(np.asarray(labels) == 1, p, 1 - p))
