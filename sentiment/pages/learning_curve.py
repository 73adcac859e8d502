"""The table behind the learning curve that is shown: the rows of the experiment, whose figure lies beside them."""

import csv
import json
from collections import defaultdict
from functools import cache
from pathlib import Path
from statistics import fmean
from typing import Any, NamedTuple

from django.conf import settings

from sentiment.core.curve_models import MODELS, SHIPPED_NAME


class Shipped(NamedTuple):
    """The critic that comes with the project, from its card; accuracy and its interval in percent."""

    labels: int
    read: int
    accuracy: float
    low: float
    high: float
    n: int


class Line(NamedTuple):
    """A model's mean accuracy in percent at each number of labels (None: not measured)."""

    name: str
    does: str
    cells: list[float | None]


class LearningCurve(NamedTuple):
    """The table: numbers of labels, a line for each model, and one point beside them where the card reports it."""

    sizes: list[int]
    lines: list[Line]
    shipped: Shipped | None


@cache
def learning_curve() -> LearningCurve:
    """Read the table behind the learning curve, once: it changes with the code."""
    cells: dict[tuple[str, int], list[float]] = defaultdict(list)
    with (Path(settings.BASE_DIR) / "static" / "data" / "learning-curve.csv").open(encoding="utf-8") as handle:
        for row in csv.DictReader(handle):
            cells[row["model"], int(row["size"])].append(100 * float(row["accuracy"]))
    shipped = _shipped()
    sizes = sorted({size for _, size in cells} | ({shipped.labels} if shipped else set()))
    measured = {model for model, _ in cells}
    lines = [
        Line(model.name, model.does, [fmean(cells[key, size]) if (key, size) in cells else None for size in sizes])
        for key, model in MODELS.items()
        if key in measured
    ]
    if shipped:
        does = f"has also read {shipped.read:,} reviews without their labels"
        cells_of_it = [shipped.accuracy if size == shipped.labels else None for size in sizes]
        lines.insert(0, Line(SHIPPED_NAME, does, cells_of_it))
    return LearningCurve(sizes, lines, shipped)


def _shipped() -> Shipped | None:
    path = Path(settings.BASE_DIR) / "sentiment" / "pretrained" / "card.json"
    card: dict[str, Any] = json.loads(path.read_text("utf-8")) if path.exists() else {}
    test = card.get("report", {}).get("test")
    if test is None:
        return None
    accuracy, low, high = (100 * test[name] for name in ("accuracy", "accuracy_low", "accuracy_high"))
    return Shipped(sum(card["labels"].values()), card.get("read_without_labels", 0), accuracy, low, high, test["n"])
