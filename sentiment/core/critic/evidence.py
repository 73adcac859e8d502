"""Computes each sentence's exact share of a text's logit: the evidence for the verdict."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence: from where to where in the author's text, its share of the logit, and whether any of it was read.

    A positive share speaks for positive. `read` is False where all of the sentence fell into the cut-out middle.
    """

    start: int
    end: int
    share: float
    read: bool

    def __reduce__(self) -> tuple[type["Sentence"], tuple[int, int, float, bool]]:
        # What a frozen dataclass does by itself takes several times as long.
        return Sentence, (self.start, self.end, self.share, self.read)


def sentence_shares(
    spans: Sequence[tuple[int, int]],
    starts: npt.NDArray[np.integer],
    head: int,
    tail: int,
    contributions: npt.NDArray[np.floating],
) -> tuple[Sentence, ...]:
    """Sum the tokens' contributions by sentence, so that bias + Σ shares = logit.

    `starts` [tokens] are the offsets of all the text's own tokens, of which the first `head` and the last `tail` were
    read; `contributions` [head + tail] are theirs. A token belongs to the sentence in which it starts; one that starts
    between sentences, to the one before.
    """
    if not spans:
        return ()
    owner = np.searchsorted([start for start, _ in spans], starts, side="right") - 1
    owner = owner.clip(min=0)
    was_read = np.zeros(len(starts), dtype=np.bool_)
    was_read[:head] = True
    was_read[len(starts) - tail :] = True
    shares = np.bincount(owner[was_read], weights=contributions.astype(np.float64), minlength=len(spans))
    read_tokens = np.bincount(owner[was_read], minlength=len(spans))
    all_tokens = np.bincount(owner, minlength=len(spans))
    # A sentence without tokens (control characters alone) has nothing that could have been left unread.
    return tuple(
        Sentence(start, end, share, bool(read > 0 or tokens == 0))
        for (start, end), share, read, tokens in zip(spans, shares.tolist(), read_tokens, all_tokens, strict=True)
    )
