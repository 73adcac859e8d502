"""What an annotator makes of tokens, pooled into sentences: their votes for aspects, polarity, and decisiveness.

A sentence's logit is the soft maximum of its tokens' (log-sum-exp, less half the logarithm of their number, so that a
long sentence is not one by its length), and its polarity their mean, each weighing as much as it votes for the aspect
(attention as in Ilse et al. 2018, arXiv:1802.04712, 2.4).
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from sentiment.core.critic.aspects import ASPECTS

Floats = npt.NDArray[np.floating]

DECISIVE: Final = len(ASPECTS)
"""The column of `votes` that is for no aspect, but for what a reader would call decisive."""
OUTPUTS: Final = 2 * len(ASPECTS) + 1
LENGTH: Final = 0.5
NONE: Final = -1e4


class Annotations(NamedTuple):
    """What a text's sentences judge: `votes` [sentences, aspects + 1] and `polarity` [sentences, aspects], logits.

    The last column of `votes` ranks the sentences by how decisive they are. A sentence that was not read has NONE.
    """

    votes: Floats
    polarity: Floats


def owners(
    spans: Sequence[tuple[int, int]], starts: npt.NDArray[np.integer], head: int, tail: int
) -> npt.NDArray[np.intp]:
    """Return for each own token that is read the position of its sentence; `spans` are those of the author's text.

    As shares are dealt (evidence.sentence_shares): one that starts between sentences belongs to the one before.
    """
    read = np.concatenate([starts[:head], starts[len(starts) - tail :]])
    return np.asarray((np.searchsorted([start for start, _ in spans], read, side="right") - 1).clip(min=0))


def by_sentence(outputs: Floats, owner: npt.NDArray[np.intp], count: int) -> Annotations:
    """Pool the `outputs` [own tokens, OUTPUTS] of a text into its `count` sentences."""
    votes = np.full((count, DECISIVE + 1), NONE, np.float32)
    polarity = np.zeros((count, len(ASPECTS)), np.float32)
    if not len(owner):
        return Annotations(votes, polarity)
    # Tokens come in the order of their sentences, so that each is a run.
    first = np.flatnonzero(np.diff(owner, prepend=-1))
    of, tokens = owner[first], np.diff(first, append=len(owner))
    own, sides = outputs[:, : DECISIVE + 1], outputs[:, DECISIVE + 1 :]
    largest = np.maximum.reduceat(own, first)
    weights = np.exp(own - np.repeat(largest, tokens, axis=0))
    total = np.add.reduceat(weights, first)
    votes[of] = largest + np.log(total) - LENGTH * np.log(tokens)[:, None]
    polarity[of] = np.add.reduceat(weights[:, :DECISIVE] * sides, first) / total[:, :DECISIVE]
    return Annotations(votes, polarity)
