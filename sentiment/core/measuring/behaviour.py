"""A fixed suite of short texts, by what makes them hard, each with what a critic should make of it.

A behavioural test in the sense of Ribeiro et al. 2020 (CheckList), arXiv:2005.04118: minimum functionality (a text and
its label), invariance (two texts that say the same) and direction (of two texts, which is the less favourable).
"""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from sentiment.core.critic.scorer import Scorer
from sentiment.core.labels import LABELS

SUITE: Final = Path(__file__).with_name("behaviour.jsonl")
SAME: Final = 0.02
"""How far apart the probabilities of two texts may lie that say the same."""
OPEN: Final = (0.1, 0.9)
"""Between which the probability should lie where a text gives nothing to judge by."""
MIDDLE: Final = "[…]"
FILLER: Final = (
    "The train leaves the town at noon and the two of them sit opposite each other. A man with a suitcase gets on at "
    "the second stop. They speak of the weather, of an uncle, of a house by the river that is let. Later the line runs "
    "along the coast, and somebody opens a window. "
) * 12
"""What stands for MIDDLE in a text: more than any critic reads at once, and neither good nor bad."""


@dataclass(frozen=True, slots=True)
class Case:
    """A text of some kind, and one expectation of it.

    `label`: one of LABELS, "open" (nothing to judge by), "any" (it is enough that it is read) or "unread". `same`: a
    text of the same meaning. `below`: a text that is more favourable.
    """

    kind: str
    text: str
    label: str = ""
    same: str | None = None
    below: str | None = None


@lru_cache
def suite() -> tuple[Case, ...]:
    """Return the fixed cases, long texts written out."""
    lines = SUITE.read_text("utf-8").splitlines()
    return tuple(Case(**json.loads(line.replace(MIDDLE, FILLER))) for line in lines)


def report(scorer: Scorer, cases: Sequence[Case] | None = None) -> dict[str, Any]:
    """Return for each kind how many cases there are, how many came out as expected, and the texts that did not."""
    cases = suite() if cases is None else cases
    texts = list(
        dict.fromkeys(text for case in cases for text in (case.text, case.same, case.below) if text is not None)
    )
    read = zip(texts, scorer.predict(texts), strict=True)
    positive = {text: prediction.positive for text, prediction in read if prediction.positive is not None}
    kinds: dict[str, dict[str, Any]] = {}
    for case in cases:
        kind = kinds.setdefault(case.kind, {"n": 0, "as_expected": 0, "failed": []})
        kind["n"] += 1
        if _as_expected(case, positive):
            kind["as_expected"] += 1
        else:
            kind["failed"].append(case.text.replace(FILLER, MIDDLE))
    return {"n": len(cases), "as_expected": sum(kind["as_expected"] for kind in kinds.values()), "kinds": kinds}


def _as_expected(case: Case, positive: dict[str, float]) -> bool:
    p = positive.get(case.text)
    if p is None:
        return case.label == "unread"
    if case.same is not None:
        return abs(p - positive.get(case.same, math.inf)) <= SAME
    if case.below is not None:
        return p < positive.get(case.below, -math.inf)
    if case.label in LABELS:
        return (p > 0.5) == (case.label == LABELS[1])
    return case.label == "any" or (case.label == "open" and OPEN[0] <= p <= OPEN[1])


def in_markdown(found: dict[str, Any]) -> str:
    """Write a report as a table."""
    rows = [("all", found), *found["kinds"].items()]
    lines = ["| kind | as expected | n |", "| --- | --- | --- |"]
    return "\n".join([*lines, *(f"| {name} | {kind['as_expected']} | {kind['n']} |" for name, kind in rows)]) + "\n"
