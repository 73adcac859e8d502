"""Chooses the sentences that are marked in a review: the few that a reader would call decisive."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.special import log_softmax

from sentiment.core.critic.annotations import DECISIVE, NONE, Annotations
from sentiment.core.critic.evidence import Sentence
from sentiment.core.critic.mentions import Mention
from sentiment.core.labels import verdict

Floats = npt.NDArray[np.floating]

MOST: Final = 3
PART: Final = 0.35
"""All marks together take no more of a text, but for those that there always are."""
EFFECT: Final = 1.0
"""How much a sentence's effect on the verdict weighs beside the annotator's logarithm of how decisive it is."""
WORTH: Final = 2.0
"""A further mark is at most so much (in that logarithm) less worth than the first."""


class Mark(NamedTuple):
    """A sentence (its position) that may be marked: whether it speaks for the film, and its effect on the logit.

    `decisive` is the logarithm of how likely it is the one that a reader would call decisive.
    """

    sentence: int
    favourable: bool
    effect: float
    decisive: float = 0.0

    @property
    def score(self) -> float:
        """How much it deserves to be marked."""
        return self.decisive + EFFECT * (self.effect if self.favourable else -self.effect)


def rank(
    sentences: Sequence[Sentence], mentions: Iterable[Mention], positive: float, annotations: Annotations
) -> tuple[Mark, ...]:
    """Return what may be marked in a text whose probability of positive is `positive`, the most deserving first.

    A mark never contradicts what its sentence says of aspects; where that goes both ways, the sentence has none, unless
    all do.
    """
    if not sentences:
        return ()
    effects = effects_of(sentences)
    scores = log_softmax(annotations.votes[:, DECISIVE].astype(np.float64))
    read = [i for i, each in enumerate(sentences) if each.read and annotations.votes[i, DECISIVE] > NONE]
    sides = _sides(sentences, mentions, positive)
    one_sided = {i: sides[i] for i in read if len(sides[i]) == 1} or {i: {positive > 0.5} for i in read}
    found = [Mark(i, side, float(effects[i]), float(scores[i])) for i, (side,) in one_sided.items()]
    return tuple(sorted(found, key=_order))


def choose(ranked: Sequence[Mark], sentences: Sequence[Sentence], positive: float) -> tuple[Mark, ...]:
    """Return the marks of a text, of what may be marked: where the verdict is unsure, the first two are one a side."""
    if verdict(positive) == "unsure":
        ranked = _both_ways(ranked)
        return _that_fit(ranked, sentences, always=len({mark.favourable for mark in ranked}))
    return _that_fit(ranked, sentences)


def again(ranked: Sequence[Mark], effects: Mapping[int, float]) -> tuple[Mark, ...]:
    """Return what may be marked, ranked anew, where leaving sentences out has shown their true `effects`."""
    return tuple(sorted((mark._replace(effect=effects.get(mark.sentence, mark.effect)) for mark in ranked), key=_order))


def _order(mark: Mark) -> tuple[float, int]:
    return -mark.score, mark.sentence


def _sides(sentences: Sequence[Sentence], mentions: Iterable[Mention], positive: float) -> list[set[bool]]:
    """Return for each sentence the sides on which it is: those of its judgements, or else that of the verdict.

    A share against a verdict is no dissent, however large: what else the review says moves it. Only where the verdict
    is unsure does the share tell.
    """
    unsure = verdict(positive) == "unsure"
    sides = [{sentence.share > 0 if unsure else positive > 0.5} for sentence in sentences]
    judged: dict[int, set[bool]] = {}
    for mention in mentions:
        judged.setdefault(mention.sentence, set()).add(mention.positive > 0.5)
    return [judged.get(position, side) for position, side in enumerate(sides)]


def _both_ways(ranked: Sequence[Mark]) -> list[Mark]:
    firsts = [next((mark for mark in ranked if mark.favourable == side), None) for side in (True, False)]
    first = sorted(filter(None, firsts), key=_order)
    return [*first, *(mark for mark in ranked if mark not in first)]


def _that_fit(ranked: Sequence[Mark], sentences: Sequence[Sentence], always: int = 1) -> tuple[Mark, ...]:
    """Return the first marks: so many `always`, and of the others those that have room and are worth it."""
    room = PART * sum(sentence.end - sentence.start for sentence in sentences)
    kept: list[Mark] = []
    for mark in ranked:
        length = sentences[mark.sentence].end - sentences[mark.sentence].start
        if len(kept) >= always and (length > room or mark.score < ranked[0].score - WORTH):
            continue
        kept.append(mark)
        room -= length
        if len(kept) == MOST:
            break
    return tuple(kept)


def effects_of(sentences: Sequence[Sentence]) -> Floats:
    """Return what leaving each sentence out would take from the logit if the others' states stayed as they are.

    It is free, as the shares are; a sentence gains nothing by its length (here in characters).
    """
    shares = np.array([sentence.share for sentence in sentences])
    lengths = np.array([(sentence.end - sentence.start) * sentence.read for sentence in sentences], dtype=np.float64)
    part = lengths / max(1.0, lengths.sum())
    return np.asarray((shares - part * shares.sum()) / (1 - part).clip(min=0.05))
