"""Keeps the learning curve's rows on disk, and makes the tables, the page and the figure of them."""

import csv
import os
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from statistics import fmean
from typing import Any, Final

from sentiment.core.corpus.data import DataError
from sentiment.core.curve_models import MODELS, SHIPPED_NAME
from sentiment.core.extras import extra

SIZES: Final = (10, 50, 100, 200, 500, 1000, 2000, 5000, 10000)
SEEDS: Final = 3
COLOURS: Final = dict(
    zip(MODELS, ["#117733", "#332288", "#44aa99", "#aa4499", "#cc6677", "#999933", "#888888"], strict=True)
)

INK: Final = "#16150f"
IN_THE_DARK: Final = dict(
    zip(
        [INK, *COLOURS.values()],
        ["#efece2", "#8fe39a", "#a99bff", "#2fb3a0", "#e08ad0", "#f08a98", "#c9c95a", "#a3a3a3"],
        strict=True,
    )
)
"""What stands for each colour of the figure on a dark page."""

PUBLISHED: Final = {
    "BERT-Large": (
        INK,
        {10: 72.6, 50: 84.3, 100: 88.1, 200: 89.5, 500: 91.1, 1000: 91.0, 2000: 92.9, 5000: 93.6, 10000: 94.6},
    ),
    "ULMFiT": (COLOURS["ulmfit"], {100: 86.4, 250: 87.8, 500: 91.5, 1000: 92.0, 2500: 91.7, 5000: 93.1, 10000: 93.6}),
    "NB-SVM": (
        COLOURS["nb-svm"],
        {10: 56.1, 50: 54.7, 100: 50.0, 200: 76.5, 500: 77.4, 1000: 77.4, 2000: 83.0, 5000: 84.5, 10000: 85.1},
    ),
    "word vectors, summed": (
        COLOURS["word-vectors"],
        {10: 51.8, 50: 49.7, 100: 50.5, 200: 70.8, 500: 76.4, 1000: 78.5, 2000: 82.8, 5000: 83.1, 10000: 86.6},
    ),
}
"""The original's accuracy in percent by number of labels, read off its published figure (±0.3), on other reviews of
the same source; with the colour that the like of it has here."""

FIGURES: Final = ("accuracy", "low", "high", "ece", "seconds")

_TABLE = re.compile(r"(?<=<!-- table: -->\n).*?(?=<!-- :table -->)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Row:
    """One cell: a model that learnt from `size` labels drawn with `seed`. Accuracy has its 95 % Wilson interval.

    `seconds` is the cell's own wall time: what was kept from an earlier cell is not counted again.
    """

    model: str
    size: int
    seed: int
    accuracy: float
    low: float
    high: float
    ece: float
    seconds: float
    device: str
    detail: str


_NAMES: Final = [field.name for field in fields(Row)]


def read_rows(path: Path) -> list[Row]:
    """Read a file of rows; one that is not there has none. Raises DataError naming the line of a bad one."""
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as handle:
        reader = csv.reader(handle)
        if next(reader, _NAMES) != _NAMES:
            raise DataError(f"{path}, line 1: the columns must be {', '.join(_NAMES)}.")
        rows = []
        for values in reader:
            try:
                rows.append(_row(values))
            except ValueError as error:
                raise DataError(f"{path}, line {reader.line_num}: {error}") from error
        return rows


def _row(values: Sequence[str]) -> Row:
    parsed: dict[str, Any] = dict(zip(_NAMES, values, strict=True))
    if parsed["model"] not in MODELS:
        raise ValueError(f"no model is called {parsed['model']!r}")
    parsed |= {name: int(parsed[name]) for name in ("size", "seed")}
    return Row(**parsed | {name: float(parsed[name]) for name in FIGURES})


def append_row(path: Path, row: Row) -> None:
    """Add a row to a file, which is made where it is not there; once this returns the row outlives a crash."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle, lineterminator="\n")
        if not handle.tell():
            writer.writerow(_NAMES)
        writer.writerow(astuple(row))
        handle.flush()
        os.fsync(handle.fileno())


@dataclass(frozen=True, slots=True)
class Point:
    """The cells of one model and size: mean accuracy, and from the lowest to the highest limit of their intervals."""

    size: int
    accuracy: float
    low: float
    high: float
    ece: float
    seeds: int


def points(rows: Sequence[Row]) -> dict[str, list[Point]]:
    """Gather rows by model, in the order of MODELS, and by size."""
    cells: dict[tuple[str, int], list[Row]] = defaultdict(list)
    for row in rows:
        cells[row.model, row.size].append(row)
    gathered: dict[str, list[Point]] = {}
    for model, size in sorted(cells, key=lambda cell: ([*MODELS].index(cell[0]), cell[1])):
        found = cells[model, size]
        point = Point(
            size=size,
            accuracy=fmean(row.accuracy for row in found),
            low=min(row.low for row in found),
            high=max(row.high for row in found),
            ece=fmean(row.ece for row in found),
            seeds=len(found),
        )
        gathered.setdefault(model, []).append(point)
    return gathered


def tables(rows: Sequence[Row]) -> str:
    """Return two Markdown tables, models by sizes: accuracy in percent with its interval, and calibration error."""
    found = {(model, point.size): point for model, of_model in points(rows).items() for point in of_model}
    sizes = sorted({*SIZES, *(size for _, size in found)})

    def table(title: str, cell: Any) -> list[str]:
        lines = [f"| {title} | {' | '.join(f'{size:,}' for size in sizes)} |", "|---" * (len(sizes) + 1) + "|"]
        for key, model in MODELS.items():
            points_of_model = [found.get((key, size)) for size in sizes]
            cells = [cell(point) if point else "not measured" for point in points_of_model]
            lines.append(f"| {model.name} | {' | '.join(cells)} |")
        return lines

    accuracy = table("accuracy, %", _accuracy)
    error = table("calibration error", lambda point: f"{point.ece:.3f}")
    return "\n".join([*accuracy, "", *error, ""])


def _accuracy(point: Point) -> str:
    few = "" if point.seeds >= SEEDS else f", {point.seeds} of {SEEDS} seeds"
    return f"{100 * point.accuracy:.1f} ({100 * point.low:.1f}–{100 * point.high:.1f}{few})"


def write_page(path: Path, rows: Sequence[Row]) -> None:
    """Put the tables between the marks of a Markdown page. Raises DataError where the marks are missing."""
    text = path.read_text("utf-8")
    if not _TABLE.search(text):
        raise DataError(f"{path}: no lines <!-- table: --> and <!-- :table --> to write the tables between.")
    path.write_text(_TABLE.sub(lambda _: tables(rows), text), "utf-8")


def shipped_point(card: Mapping[str, Any]) -> Point | None:
    """Return a critic's point in the figure, from the test set that its card reports; None where it reports none."""
    test = card.get("report", {}).get("test")
    if test is None:
        return None
    low, high = test["accuracy_low"], test["accuracy_high"]
    return Point(sum(card["labels"].values()), test["accuracy"], low, high, test["ece"], seeds=1)


def draw_figure(path: Path, rows: Sequence[Row], shipped: Point | None = None) -> list[Path]:
    """Draw the curves as PNG and SVG, named `path` with those endings, and mark the shipped critic where it is given.

    The SVG has no ground of its own and suits a light and a dark page. Raises ExperimentError without matplotlib.
    """
    extra("matplotlib").use("agg")
    plt = extra("matplotlib.pyplot")
    inks = dict.fromkeys(("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color"), INK)
    # No date and no random names: the same rows make the same files.
    with plt.rc_context({"svg.hashsalt": "learning curve", "font.size": 10, "grid.color": "#888888"} | inks):
        figure, axes = plt.subplots(figsize=(10, 6), layout="constrained")
        for model, found in points(rows).items():
            sizes = [point.size for point in found]
            label = f"{MODELS[model].name}, ours"
            axes.plot(sizes, [100 * p.accuracy for p in found], "o-", color=COLOURS[model], label=label, markersize=4)
            low, high = [100 * p.low for p in found], [100 * p.high for p in found]
            axes.fill_between(sizes, low, high, color=COLOURS[model], alpha=0.15, linewidth=0)
        for name, (colour, published) in PUBLISHED.items():
            label = f"{name}, published"
            axes.plot([*published], [*published.values()], "x:", color=colour, label=label, markersize=5, linewidth=1)
        if shipped:
            reach = [[100 * (shipped.accuracy - shipped.low)], [100 * (shipped.high - shipped.accuracy)]]
            star = {"fmt": "*", "color": COLOURS["critic"], "markersize": 10, "capsize": 6, "zorder": 5}
            axes.errorbar([shipped.size], [100 * shipped.accuracy], yerr=reach, label=SHIPPED_NAME, **star)
        axes.set_xscale("log")
        axes.set_xticks(SIZES, [f"{size:,}" for size in SIZES])
        axes.minorticks_off()
        axes.set_xlabel("labelled reviews to learn from")
        axes.set_ylabel("accuracy on held-out films, %")
        axes.grid(alpha=0.3)
        figure.legend(loc="outside right upper", frameon=False)
        written = [path.with_name(f"{path.name}.{ending}") for ending in ("png", "svg")]
        for file in written:
            file.parent.mkdir(parents=True, exist_ok=True)
            vector = file.suffix == ".svg"
            figure.savefig(file, dpi=120, transparent=vector, metadata={"Date": None} if vector else None)
        plt.close(figure)
    _suit_the_dark(written[1])
    return written


def _suit_the_dark(svg: Path) -> None:
    """Give a figure a second colour scheme. Its colours stand in style attributes, which only `!important` outdoes."""
    rules = "".join(
        f"[style*='{part}: {light}'] {{{part}: {dark} !important}}\n"
        for light, dark in IN_THE_DARK.items()
        for part in ("fill", "stroke")
    )
    style = f'<style type="text/css">@media (prefers-color-scheme: dark) {{\n{rules}}}</style>\n </defs>'
    svg.write_text(svg.read_text("utf-8").replace("</defs>", style, 1), "utf-8")
