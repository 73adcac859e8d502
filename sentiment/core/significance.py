"""Tests whether one critic is better than another, or was lucky."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.stats import binomtest

from sentiment.core.corpus.data import DataError

Bools = npt.NDArray[np.bool_]


class Comparison(NamedTuple):
    """On how many texts only the one, and only the other, of two was right; p: how likely as uneven a split by luck."""

    only_a: int
    only_b: int
    p: float


def mcnemar(right_a: Sequence[bool] | Bools, right_b: Sequence[bool] | Bools) -> Comparison:
    """Compare two critics by where each was right on the same texts, both [n]: McNemar's exact test, two-sided.

    Only texts on which one of the two was right count; were both as good, each would be it as often. Source: McNemar
    1947, doi:10.1007/BF02295996; Dietterich 1998 recommends it, doi:10.1162/089976698300017197. Raises DataError where
    they were not judged on as many texts.
    """
    a, b = np.asarray(right_a, dtype=np.bool_), np.asarray(right_b, dtype=np.bool_)
    if a.shape != b.shape:
        raise DataError(f"One was judged on {len(a)} texts, the other on {len(b)}: judge both on the same.")
    only_a, only_b = int((a & ~b).sum()), int((b & ~a).sum())
    n = only_a + only_b
    return Comparison(only_a, only_b, float(binomtest(only_a, n).pvalue) if n else 1.0)
