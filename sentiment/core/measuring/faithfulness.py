"""Measures whether the sentences with the largest shares made the verdict, by what it is without them.

Deletion as in DeYoung et al. 2020 (ERASER, "comprehensiveness"), arXiv:1911.03429, and rank agreement with leaving each
sentence out, which needs one reading more per sentence.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy.stats import spearmanr

from sentiment.core.corpus.data import DataError, shuffled
from sentiment.core.critic.scorer import Prediction, Scorer
from sentiment.core.critic.second_reading import read_again, without

Floats = npt.NDArray[np.float64]

CHUNK: Final = 256
FEWEST_SENTENCES: Final = 3
DROPPED: Final = (1, 2, 3)
METHODS: Final = ("mark", "mark_at_first", "leave_one_out", "effect", "share", "longest", "random")
RESAMPLES: Final = 1_000


@dataclass(frozen=True, slots=True)
class Case:
    """A text read whole, its prediction, and arrays [sentences] that all speak for the verdict where positive.

    `share` is the exact share of the logit; `effect` what leaving the sentence out would do to the mean if the states
    of the others stayed as they are: free like the share, but a sentence gains nothing by its length.
    """

    text: str
    prediction: Prediction
    share: Floats
    effect: Floats
    length: Floats

    def without(self, dropped: Collection[int]) -> str:
        """Return the text without some of its sentences."""
        return without(self.text, self.prediction, dropped)


def leave_one_out(scorer: Scorer, text: str, prediction: Prediction) -> list[float]:
    """Return for each sentence of `prediction` by how much the critic's probability of positive falls without it.

    The more faithful evidence where one reading more per sentence is affordable; it does not add up, as shares do.
    """
    shorter = [without(text, prediction, {i}) for i in range(len(prediction.sentences))]
    return [prediction.critic - read.critic for read in scorer.predict(shorter, everything=True)]


def report(scorer: Scorer, texts: Sequence[str], count: int = 500, seed: int = 0) -> dict[str, Any]:
    """Drop sentences of `count` of the texts, drawn by `seed`, and say what it does to the verdict's probability.

    Only texts that are read whole and have three sentences count: where the middle is cut out, deleting would let
    unread words in. Returns for each method how far the probability of the verdict falls without the first 1, 2 and 3
    sentences in its order, with 95 % bootstrap intervals, and how often the verdict turns without the first; and the
    rank correlation (Spearman) of share and effect with leaving one out, the mean over texts. Raises DataError.
    """
    cases = _cases(scorer, shuffled(texts, seed), count)
    if not cases:
        raise DataError(f"No text is read whole and has {FEWEST_SENTENCES} sentences.")
    rng = np.random.default_rng(seed)
    alone = _leave_one_out(scorer, cases)
    orders = {
        "mark": [_marks_first(case, read) for case, read in zip(cases, _read_again(scorer, cases), strict=True)],
        "mark_at_first": [_marks_first(case, case.prediction) for case in cases],
        "leave_one_out": [np.argsort(-_logit_falls(case, found)) for case, found in zip(cases, alone, strict=True)],
        "effect": [np.argsort(-case.effect) for case in cases],
        "share": [np.argsort(-case.share) for case in cases],
        "longest": [np.argsort(-case.length) for case in cases],
        "random": [rng.permutation(len(case.share)) for case in cases],
    }
    falls = {name: _curve(scorer, cases, alone, order) for name, order in orders.items()}
    ranks: dict[str, list[float]] = {"share": [], "effect": []}
    for case, found in zip(cases, alone, strict=True):
        for name, free in (("share", case.share), ("effect", case.effect)):
            ranks[name].append(float(spearmanr(free, _logit_falls(case, found)).statistic))
    return {
        "texts": len(cases),
        "sentences": sum(len(case.share) for case in cases),
        "methods": {
            name: {"falls": [_mean(column) for column in fall.T], "turned": _mean(turned)}
            for name, (fall, turned) in falls.items()
        },
        "rank_agreement": {name: _mean(np.array(values)[np.isfinite(values)]) for name, values in ranks.items()},
    }


def _cases(scorer: Scorer, texts: Sequence[str], count: int) -> list[Case]:
    cases: list[Case] = []
    for start in range(0, len(texts), CHUNK):
        chunk = texts[start : start + CHUNK]
        encoded = scorer.critic.text_encoder.encode(chunk)
        for text, prediction, tokens in zip(chunk, scorer.predict(chunk, everything=True), encoded, strict=True):
            if tokens.tail or len(prediction.sentences) < FEWEST_SENTENCES:
                continue
            cases.append(_case(text, prediction, tokens.starts))
            if len(cases) == count:
                return cases
    return cases


def _case(text: str, prediction: Prediction, starts: npt.NDArray[np.integer]) -> Case:
    sentences = prediction.sentences
    sign = 1 if prediction.critic > 0.5 else -1
    owner = np.searchsorted([sentence.start for sentence in sentences], starts, side="right") - 1
    length = np.bincount(owner.clip(min=0), minlength=len(sentences)) / len(starts)
    share = sign * np.array([sentence.share for sentence in sentences])
    effect = (share - length * share.sum()) / (1 - length).clip(min=1e-6)
    return Case(text, prediction, share, effect, length)


def _read_again(scorer: Scorer, cases: Sequence[Case]) -> list[Prediction]:
    return read_again(scorer, [case.text for case in cases], [case.prediction for case in cases])


def _marks_first(case: Case, prediction: Prediction) -> npt.NDArray[np.intp]:
    """Return the marks of `prediction` in their order, then what was not marked by its effect."""
    marked = [mark.sentence for mark in prediction.marks]
    return np.array(marked + [i for i in np.argsort(-case.effect).tolist() if i not in marked])


def _leave_one_out(scorer: Scorer, cases: Sequence[Case]) -> list[list[Prediction]]:
    shorter = (case.without({i}) for case in cases for i in range(len(case.share)))
    read = scorer.read(shorter, everything=True)
    return [[next(read) for _ in case.share] for case in cases]


def _logit_falls(case: Case, found: Sequence[Prediction]) -> Floats:
    sign = 1 if case.prediction.critic > 0.5 else -1
    return sign * (case.prediction.logit - np.array([prediction.logit for prediction in found]))


def _fall(case: Case, prediction: Prediction) -> float:
    sign = 1 if case.prediction.critic > 0.5 else -1
    return sign * (case.prediction.critic - prediction.critic)


def _curve(
    scorer: Scorer, cases: Sequence[Case], alone: Sequence[Sequence[Prediction]], orders: Sequence[npt.NDArray[np.intp]]
) -> tuple[Floats, Floats]:
    """Return the falls [texts, DROPPED], and where the verdict turned without the first sentence [texts]."""
    first = [found[order[0]] for found, order in zip(alone, orders, strict=True)]
    columns = [first]
    for count in DROPPED[1:]:
        texts = [case.without(set(order[:count].tolist())) for case, order in zip(cases, orders, strict=True)]
        columns.append(scorer.predict(texts, everything=True))
    falls = [[_fall(case, p) for case, p in zip(cases, column, strict=True)] for column in columns]
    turned = [(p.critic > 0.5) != (case.prediction.critic > 0.5) for case, p in zip(cases, first, strict=True)]
    return np.array(falls).T, np.array(turned, dtype=np.float64)


def _mean(values: Floats) -> dict[str, float]:
    draws = np.random.default_rng(0).integers(len(values), size=(RESAMPLES, len(values)))
    low, high = np.percentile(values[draws].mean(axis=1), [2.5, 97.5])
    return {"mean": float(values.mean()), "low": float(low), "high": float(high)}


def in_markdown(found: dict[str, Any]) -> str:
    """Write a report as tables."""
    lines = [
        f"{found['texts']} texts of {found['sentences']:,} sentences.",
        "",
        "| dropped | " + " | ".join(f"first {count}" for count in DROPPED) + " | verdict turned by the first |",
        "| --- |" + " --- |" * (len(DROPPED) + 1),
    ]
    for name in METHODS:
        method = found["methods"][name]
        falls = (f"{fall['mean']:.3f} ({fall['low']:.3f} to {fall['high']:.3f})" for fall in method["falls"])
        lines.append(f"| {name} | {' | '.join(falls)} | {method['turned']['mean']:.1%} |")
    lines += ["", "| rank agreement with leaving one out | mean |", "| --- | --- |"]
    for name, rho in found["rank_agreement"].items():
        lines.append(f"| {name} | {rho['mean']:.3f} ({rho['low']:.3f} to {rho['high']:.3f}) |")
    return "\n".join(lines) + "\n"
