"""The table behind the learning curve that is shown: the rows of the experiment, whose figure lies beside them."""

import csv
from collections import defaultdict
from functools import cache
from pathlib import Path
from statistics import fmean
from typing import NamedTuple

from django.conf import settings


class LearningCurve(NamedTuple):
    """Numbers of labels, and for each model the mean accuracy at each of them in percent (None: not measured)."""

    sizes: list[int]
    models: dict[str, list[float | None]]


@cache
def learning_curve() -> LearningCurve:
    """Read it once: it changes with the code."""
    cells: dict[tuple[str, int], list[float]] = defaultdict(list)
    with (Path(settings.BASE_DIR) / "static" / "data" / "learning-curve.csv").open(encoding="utf-8") as handle:
        for row in csv.DictReader(handle):
            cells[row["model"], int(row["size"])].append(100 * float(row["accuracy"]))
    sizes = sorted({size for _, size in cells})
    models = sorted({model for model, _ in cells})
    means = {
        model: [fmean(cells[model, size]) if (model, size) in cells else None for size in sizes] for model in models
    }
    return LearningCurve(sizes, means)
