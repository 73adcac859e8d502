"""What an annotator learns from: sentences that people found, or that a larger annotator did, as numbers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sentiment.core.critic.annotations import owners
from sentiment.core.critic.aspects import ASPECTS
from sentiment.core.critic.encoding import Encoded
from sentiment.core.recipe.findings import Findings
from sentiment.core.text import sentence_spans

Array = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Lesson:
    """What should be found in a text of so many sentences, all of it probabilities.

    `judges` [sentences, aspects]: that a sentence judges an aspect, NaN where nobody says. `review` [aspects]: that any
    does. `favours` [sentences, aspects]: that it does so favourably, weighed by `weight`; `review_favours` [aspects]
    the same of the review, NaN where nobody says or its sentences say it. `decisive` [sentences] adds up to 1, or to 0
    where nobody says.
    """

    encoded: Encoded
    owner: npt.NDArray[np.intp]
    judges: Array
    review: Array
    favours: Array
    weight: Array
    review_favours: Array
    decisive: Array


def from_reading(row: Mapping[str, Any], encoded: Encoded) -> Lesson:
    """Make a lesson of a row as corpus.gold joins it, or of one of the demo corpus, which names no sentence.

    A sentence that holds words of a judgement makes it. In a review that judges an aspect other sentences may do so,
    too: nobody says. In one that does not, none does.
    """
    spans = sentence_spans(row["text"])
    owner = owners(spans, encoded.starts, encoded.head, encoded.tail)
    shape = len(spans), len(ASPECTS)
    judges, favours, weight = (np.zeros(shape, np.float32) for _ in range(3))
    review, review_favours = np.zeros(len(ASPECTS), np.float32), np.full(len(ASPECTS), np.nan, np.float32)
    for aspect, polarity in row["aspects"].items():
        k = ASPECTS.index(aspect)
        review[k] = 1
        judges[:, k] = np.nan
        words = row.get("judgements", {}).get(aspect)
        named = [words is not None and _meet(span, (words["start"], words["end"])) for span in spans]
        judges[named, k] = 1
        if polarity == "mixed":
            continue
        favours[named, k], weight[named, k] = polarity == "positive", 1
        if not any(named):
            review_favours[k] = polarity == "positive"
    marked = [any(_meet(span, words) for words in row.get("decisive", ())) for span in spans]
    read = np.bincount(owner, minlength=len(spans)) > 0
    decisive = (np.array(marked, bool) & read).astype(np.float32)
    return Lesson(
        encoded, owner, judges, review, favours, weight, review_favours, decisive / max(1.0, float(decisive.sum()))
    )


def from_findings(text: str, encoded: Encoded, found: Findings) -> Lesson:
    """Make a lesson of what a larger annotator found in the same text (Hinton et al. 2015, arXiv:1503.02531)."""
    owner = owners(sentence_spans(text), encoded.starts, encoded.head, encoded.tail)
    read = (np.bincount(owner, minlength=len(found.judges)) > 0)[:, None]
    judges, favours = found.judges * read, found.favours
    decisive = found.decisive * read[:, 0]
    none = np.full(len(ASPECTS), np.nan, np.float32)
    decisive = decisive / max(float(decisive.sum()), 1e-6)
    return Lesson(encoded, owner, judges, judges.max(axis=0, initial=0), favours, judges, none, decisive)


def _meet(one: Sequence[int], other: Sequence[int]) -> bool:
    return one[0] < other[1] and other[0] < one[1]
