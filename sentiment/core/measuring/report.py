"""Measures all that is claimed of a critic's accuracy, in one run: on aclImdb's test films and the demo corpus."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from sentiment.core.corpus.data import Example, draw, identity_of, labels_of
from sentiment.core.critic.scorer import Scorer
from sentiment.core.evaluation import Bin, Metrics, evaluate, right, wilson_interval
from sentiment.core.extras import extra
from sentiment.core.labels import LABELS
from sentiment.core.measuring.memorisation import membership
from sentiment.core.significance import mcnemar
from sentiment.core.training.nb_svm import nb_svm

Floats = npt.NDArray[np.floating]
Bools = npt.NDArray[np.bool_]
Json = dict[str, Any]

ONE_LINER: Final = "one_liner"


def report(scorer: Scorer, imdb: Sequence[Example], demo: Sequence[Example]) -> Json:
    """Judge a critic; JSON-safe. `imdb` is what split wrote, `demo` the demo corpus with its `hard` tags.

    The critic is taken to be made from the rows of `imdb` whose split is "seed"; NB-SVM is trained on the same.
    """
    heldout, seed = _of(imdb, "heldout"), _of(imdb, "seed")
    labels = labels_of(heldout)
    positive = _positive(scorer, heldout)
    judged = [(row, example) for row, example in enumerate(demo, 1) if example.split != "seed"]
    demo_rows = [example for _, example in judged]
    svm = nb_svm(seed, [example.text for example in [*heldout, *demo_rows]], seed=0).positive
    baseline, demo_baseline = svm[: len(heldout)], svm[len(heldout) :]
    demo_right = right(_positive(scorer, demo_rows), labels_of(demo_rows))
    demo_svm_right = right(demo_baseline, labels_of(demo_rows))
    against = mcnemar(right(positive, labels), right(baseline, labels))
    unseen = draw(heldout, len(seed), seed=0)
    return {
        "test": {"films": len({e.group for e in heldout}), "sha256": identity_of(heldout)} | evaluate(positive, labels),
        "nb_svm": {
            "accuracy": evaluate(baseline, labels)["accuracy"],
            "only_critic_right": against.only_a,
            "only_nb_svm_right": against.only_b,
            "mcnemar_p": against.p,
            "demo_accuracy": float(demo_svm_right.mean()),
            "demo_rows": {
                "only_critic_right": _rows(judged, demo_right & ~demo_svm_right),
                "only_nb_svm_right": _rows(judged, demo_svm_right & ~demo_right),
            },
        },
        "memorisation": membership(_own(scorer, seed), labels_of(seed), _own(scorer, unseen), labels_of(unseen)),
        "demo": _by_kind(demo_rows, demo_right),
    }


def _rows(judged: Sequence[tuple[int, Example]], chosen: Bools) -> list[int]:
    """Return the rows of the demo corpus that were chosen, counted from 1."""
    return [row for (row, _), wanted in zip(judged, chosen, strict=True) if wanted]


def _by_kind(judged: Sequence[Example], right: Bools) -> Json:
    """Return the accuracy on each kind of the demo corpus's rows, without those that it offers for training."""
    kinds: dict[str, list[bool]] = {}
    for example, ok in zip(judged, right, strict=True):
        hard = [tag for tag in example.tags if tag != ONE_LINER]
        names = [f"split {example.split}", *example.tags, "hard" if hard else "plain"]
        if not hard and example.split == "unlabelled":
            names.append("plain of split unlabelled")
        for name in names:
            kinds.setdefault(name, []).append(bool(ok))
    return {name: _share(found) for name, found in sorted(kinds.items())}


def _share(right: Sequence[bool]) -> Json:
    low, high = wilson_interval(sum(right), len(right))
    return {"n": len(right), "accuracy": sum(right) / len(right), "low": low, "high": high}


def in_markdown(found: Json) -> str:
    """Write a report as tables."""
    test: Metrics = found["test"]
    svm, given_away = found["nb_svm"], found["memorisation"]
    confused = test["confusion"]
    lines = [
        f"Accuracy {test['accuracy']:.1%} ({test['accuracy_low']:.1%} to {test['accuracy_high']:.1%}) of {test['n']:,} "
        f"reviews of {found['test']['films']} films, macro-F1 {test['macro_f1']:.3f}, Brier {test['brier']:.3f}, "
        f"expected calibration error {test['ece']:.3f}. Unread, and counted as wrong: {test['unread']}.",
        "",
        "| labelled | read as negative | read as positive |",
        "| --- | --- | --- |",
        *(f"| {name} | {confused[name]['negative']:,} | {confused[name]['positive']:,} |" for name in LABELS),
        "",
        "| probability of positive, mean | share positive | reviews |",
        "| --- | --- | --- |",
        *(f"| {b['predicted']:.3f} | {b['positive']:.3f} | {b['n']:,} |" for b in test["calibration"]),
        "",
        f"NB-SVM from the same labels: {svm['accuracy']:.1%}. Only the critic was right on "
        f"{svm['only_critic_right']:,}, only NB-SVM on {svm['only_nb_svm_right']:,} (McNemar's exact test, "
        f"p = {svm['mcnemar_p']:.1g}).",
        "",
        f"Memorisation: its loss tells the {given_away['seen']} labelled texts from as many unseen ones with an AUC of "
        f"{given_away['auc']:.3f} ({given_away['auc_low']:.3f} to {given_away['auc_high']:.3f}; 0.5 is not at all).",
        "",
        "| rows of the demo corpus | right | 95 % interval | n |",
        "| --- | --- | --- | --- |",
        *(
            f"| {name} | {kind['accuracy']:.1%} | {kind['low']:.1%} to {kind['high']:.1%} | {kind['n']} |"
            for name, kind in found["demo"].items()
        ),
    ]
    return "\n".join(lines) + "\n"


def draw_calibration(path: Path, bins: Sequence[Bin]) -> list[Path]:
    """Draw how often texts are positive against how probable that was said to be, as PNG and SVG named `path`.

    Raises ExperimentError without matplotlib.
    """
    extra("matplotlib").use("agg")
    plt = extra("matplotlib.pyplot")
    # No date and no random names: the same figures make the same files.
    with plt.rc_context({"svg.hashsalt": "calibration", "font.size": 10}):
        figure, axes = plt.subplots(figsize=(5, 5), layout="constrained")
        axes.plot([0, 1], [0, 1], ":", color="#888888", label="perfect")
        said, found = [b["predicted"] for b in bins], [b["positive"] for b in bins]
        intervals = [wilson_interval(round(b["n"] * b["positive"]), b["n"]) for b in bins]
        reach = [[share - low for share, (low, _) in zip(found, intervals, strict=True)]]
        reach.append([high - share for share, (_, high) in zip(found, intervals, strict=True)])
        axes.errorbar(said, found, yerr=np.maximum(reach, 0), fmt="o-", color="#117733", capsize=3, label="the critic")
        axes.set_xlabel("probability of positive, mean of each tenth")
        axes.set_ylabel("share labelled positive, with its 95 % interval")
        axes.grid(alpha=0.3)
        axes.legend(frameon=False)
        written = [path.with_name(f"{path.name}.{ending}") for ending in ("png", "svg")]
        for file in written:
            file.parent.mkdir(parents=True, exist_ok=True)
            figure.savefig(file, dpi=120, metadata={"Date": None} if file.suffix == ".svg" else None)
        plt.close(figure)
    return written


def _of(examples: Sequence[Example], split: str) -> list[Example]:
    return [example for example in examples if example.split == split]


def _positive(scorer: Scorer, examples: Sequence[Example]) -> Floats:
    read = scorer.read(example.text for example in examples)
    return np.array([prediction.positive for prediction in read], dtype=np.float64)


def _own(scorer: Scorer, examples: Sequence[Example]) -> Floats:
    read = scorer.read((example.text for example in examples), everything=True)
    return np.array([prediction.critic for prediction in read])
