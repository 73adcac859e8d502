"""Says which sentences judge which aspect of a film, and how: by words alone, or beside them by an annotator.

The lexicon says that a sentence names an aspect; an annotator, that it judges one. A name is often no judgement ("ten
minutes before the end"), and a small network misses words that it has rarely seen. Two logistic regressions weigh both,
and for the polarity also the words of praise and blame, what the critic made of them, and the verdict on the review.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final, Literal, NamedTuple

import numpy as np
from scipy.special import expit

from sentiment.core.critic.annotations import DECISIVE, Annotations
from sentiment.core.critic.aspects import ASPECTS, FEATURES, TokenLogits, find_cues
from sentiment.core.critic.evidence import Sentence
from sentiment.core.labels import verdict

WEIGHTS: Final = Path(__file__).with_name("mentions.json")
JUDGES: Final = ("vote", "named")
FAVOURS: Final = ("polarity", *FEATURES, "review")
LARGEST: Final = 6.0
"""No vote, polarity or review weighs more: a network is surer than it may be."""
SILENT: Final = (0.0,) * len(FEATURES)
"""What stands near an aspect that no word names."""

Finder = Literal["words", "annotator"]
Weights = Mapping[str, Mapping[str, float]]


class Mention(NamedTuple):
    """A sentence (its position) that judges an aspect; `positive` is the probability that it does so favourably."""

    sentence: int
    aspect: str
    positive: float


class Candidate(NamedTuple):
    """A sentence that may judge an aspect: the inputs named by JUDGES and by FAVOURS."""

    sentence: int
    aspect: str
    judges: tuple[float, ...]
    favours: tuple[float, ...]


def find_mentions(
    text: str, sentences: Sequence[Sentence], tokens: TokenLogits, annotations: Annotations | None = None
) -> tuple[Mention, ...]:
    """Return what the sentences of `text` judge, in their order; those that the critic did not read are left out."""
    found = candidates(text, sentences, tokens, annotations)
    return tuple(weigh(found, weights("words" if annotations is None else "annotator")))


def candidates(
    text: str, sentences: Sequence[Sentence], tokens: TokenLogits, annotations: Annotations | None = None
) -> Iterator[Candidate]:
    """Yield each sentence and aspect that the lexicon names, or that an annotator thinks of voting for."""
    cues = find_cues(text, sentences, tokens)
    review = _bounded(float(tokens.logits.mean()) if len(tokens.logits) else 0.0)
    if annotations is None:
        for cue in cues:
            yield Candidate(cue.sentence, cue.aspect, (-LARGEST, 1.0), (0.0, *cue.features, review))
        return
    named = {(cue.sentence, cue.aspect): cue.features for cue in cues}
    read = np.array([sentence.read for sentence in sentences], dtype=np.bool_)
    thinks = (annotations.votes[:, :DECISIVE] > -LARGEST) & read[:, None]
    places = {(int(position), ASPECTS[k]) for position, k in np.argwhere(thinks)}
    for position, aspect in sorted(places | named.keys()):
        k = ASPECTS.index(aspect)
        vote, polarity = float(annotations.votes[position, k]), float(annotations.polarity[position, k])
        features = named.get((position, aspect))
        judges = _bounded(vote), float(features is not None)
        yield Candidate(position, aspect, judges, (_bounded(polarity), *(features or SILENT), review))


def weigh(found: Iterable[Candidate], weights: Weights) -> Iterator[Mention]:
    """Turn candidates that judge into mentions; one whose polarity is unsure judges nothing.

    One that goes against the verdict on its review must be at least as sure as `sure` says.
    """
    for candidate in found:
        if _weighed(weights["judges"], JUDGES, candidate.judges) <= 0:
            continue
        positive = float(expit(_weighed(weights["favours"], FAVOURS, candidate.favours)))
        reads, of_review = verdict(positive), verdict(float(expit(candidate.favours[-1])))
        against = "unsure" not in (reads, of_review) and reads != of_review
        if reads != "unsure" and not (against and max(positive, 1 - positive) < weights["sure"]["against"]):
            yield Mention(candidate.sentence, candidate.aspect, positive)


def judgements(mentions: Iterable[Mention]) -> dict[str, Mention]:
    """Return for each aspect the mention that stands for it: the most decided one."""
    strongest: dict[str, Mention] = {}
    for mention in mentions:
        held = strongest.get(mention.aspect)
        if held is None or abs(mention.positive - 0.5) > abs(held.positive - 0.5):
            strongest[mention.aspect] = mention
    return strongest


@lru_cache
def weights(by: Finder) -> Weights:
    """Read the weights of JUDGES and FAVOURS, with their intercepts, for where there is no annotator or there is one.

    They are made by measuring.aspect_report.
    """
    found: Weights = json.loads(WEIGHTS.read_text("utf-8"))[by]["weights"]
    return found


def _weighed(weights: Mapping[str, float], names: Sequence[str], inputs: Sequence[float]) -> float:
    return weights["intercept"] + sum(weights[name] * x for name, x in zip(names, inputs, strict=True))


def _bounded(logit: float) -> float:
    return max(-LARGEST, min(LARGEST, logit))
