"""Measures how good a critic is, and decides whether it may replace the one that serves."""

from collections.abc import Sequence
from typing import Final, NamedTuple, NotRequired, TypedDict

import numpy as np
import numpy.typing as npt

from sentiment.core.corpus.data import DataError
from sentiment.core.labels import LABELS

BINS: Final = 10
Z_95: Final = 1.959963984540054

MARGIN: Final = 0.02
"""How far a challenger's accuracy may lie below the champion's and still be promoted."""


Probabilities = Sequence[float | None] | Sequence[float] | npt.NDArray[np.floating]
"""Probabilities of positive; None (or NaN) where a text was left unread."""


class Bin(TypedDict):
    """The texts with a probability of positive in one tenth of the scale: its mean there, and the share positive."""

    n: int
    predicted: float
    positive: float


class Metrics(TypedDict):
    """What a critic achieved on n labelled texts; JSON-safe. Accuracy is given with its 95 % Wilson interval.

    Versions of before texts were left unread have no `unread`.
    """

    n: int
    unread: NotRequired[int]
    accuracy: float
    accuracy_low: float
    accuracy_high: float
    macro_f1: float
    brier: float
    ece: float
    confusion: dict[str, dict[str, int]]
    calibration: list[Bin]


class Decision(NamedTuple):
    """Whether to promote, and why in a sentence."""

    promote: bool
    reason: str


def evaluate(positive: Probabilities, labels: Sequence[int]) -> Metrics:
    """Judge probabilities of positive against labels (indices into LABELS), both [n]; above 0.5 counts as positive.

    An unread text counts as wrong, and for what is said of probabilities as 0.5.
    `brier` is the mean squared error of the probability (0 best, 0.25 for always 0.5); `ece` is the expected
    calibration error over 10 equally wide bins of it, of which `calibration` lists those that hold a text;
    confusion[label][predicted] counts. Raises DataError for n = 0.
    """
    if len(labels) == 0:
        raise DataError("There are no labelled texts to judge on.")
    p = np.array(positive, dtype=np.float64)
    y = np.asarray(labels, dtype=np.int64)
    is_right = right(p, y)
    unread = np.isnan(p)
    p[unread] = 0.5
    predicted = np.where(is_right, y, 1 - y)
    count = int(is_right.sum())
    low, high = wilson_interval(count, len(y))
    counts = np.bincount(2 * y + predicted, minlength=4).reshape(2, 2)
    return Metrics(
        n=len(y),
        unread=int(unread.sum()),
        accuracy=count / len(y),
        accuracy_low=low,
        accuracy_high=high,
        macro_f1=_macro_f1(counts),
        brier=float(np.mean((p - y) ** 2)),
        ece=_expected_calibration_error(p, y),
        confusion={
            label: dict(zip(LABELS, row, strict=True)) for label, row in zip(LABELS, counts.tolist(), strict=True)
        },
        calibration=_calibration(p, y),
    )


def right(positive: Probabilities, labels: Sequence[int] | npt.NDArray[np.integer]) -> npt.NDArray[np.bool_]:
    """Tell for which texts the probability of positive is on the side of their label, both [n]; no unread one is."""
    p = np.array(positive, dtype=np.float64)
    return ((p > 0.5) == (np.asarray(labels) == 1)) & ~np.isnan(p)


def wilson_interval(successes: int, n: int, z: float = Z_95) -> tuple[float, float]:
    """Return the Wilson score interval of a proportion (Wilson 1927); (0, 1) for n = 0.

    The site, which must not know the core, has the same in textflix.intervals; a test holds them together.
    """
    if n == 0:
        return 0.0, 1.0
    share = successes / n
    centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return max(0.0, float(centre - half)), min(1.0, float(centre + half))


def _macro_f1(counts: npt.NDArray[np.int64]) -> float:
    # F1 is 2·right / (labelled + predicted); a label that neither has scores 0.
    both = counts.sum(axis=0) + counts.sum(axis=1)
    return float(np.mean(2 * counts.diagonal() / np.maximum(both, 1)))


def _calibration(p: npt.NDArray[np.float64], y: npt.NDArray[np.int64]) -> list[Bin]:
    bins = _bins(p)
    return [
        Bin(n=int(chosen.sum()), predicted=float(p[chosen].mean()), positive=float(y[chosen].mean()))
        for chosen in (bins == number for number in np.unique(bins))
    ]


def _bins(p: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    return np.minimum((p * BINS).astype(np.int64), BINS - 1)


def _expected_calibration_error(p: npt.NDArray[np.float64], y: npt.NDArray[np.int64]) -> float:
    bins = _bins(p)
    gaps = np.bincount(bins, weights=p - y, minlength=BINS)
    return float(np.abs(gaps).sum() / len(y))


def should_promote(champion: Metrics | None, challenger: Metrics) -> Decision:
    """Decide whether a challenger replaces the champion, both judged on the same held-out texts.

    The first version is promoted. Later ones are, unless their accuracy is more than MARGIN below the champion's: a
    challenger knows more labels, so where held-out texts see no harm it is preferred (a non-inferiority rule).
    """
    new = challenger["accuracy"]
    if champion is None:
        return Decision(True, f"first version, {new:.1%} right on {challenger['n']} held-out texts")
    if champion["n"] != challenger["n"]:
        return Decision(
            False, f"judged on {challenger['n']} texts, the champion on {champion['n']}: judge both on the same"
        )
    old = champion["accuracy"]
    # Counts are compared, not shares, so that a loss of exactly the margin is not decided by rounding.
    lost = round((old - new) * challenger["n"])
    allowed = MARGIN * challenger["n"]
    text = f"{new:.1%} against the champion's {old:.1%} on {challenger['n']} held-out texts"
    if lost > allowed:
        return Decision(False, f"{text}: more than {MARGIN:.0%} worse")
    return Decision(True, text)
