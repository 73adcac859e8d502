"""Keeps what a large annotator found in texts as a small file: names, digests and probabilities, no text.

Probabilities are kept in 256 steps; most are 0, so that the file is small.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import numpy as np
import numpy.typing as npt
from scipy.special import expit, softmax

from sentiment.core.corpus.data import DataError, Example, digest
from sentiment.core.critic.annotations import DECISIVE, Annotations
from sentiment.core.critic.aspects import ASPECTS
from sentiment.core.files import whole_file

Array = npt.NDArray[np.float32]

STEPS: Final = 255
DIGEST: Final = 16
"""So many digits of a text's digest are kept, to tell that it is the same."""


@dataclass(frozen=True, slots=True)
class Findings:
    """What was found in a text: that sentences judge aspects, how favourably, and which are decisive; probabilities.

    `judges` and `favours` [sentences, aspects]; `decisive` [sentences] adds up to 1.
    """

    judges: Array
    favours: Array
    decisive: Array

    @classmethod
    def of(cls, found: Annotations) -> Self:
        """Turn the logits of an annotator into probabilities."""
        votes, polarity = found.votes.astype(np.float32), found.polarity.astype(np.float32)
        return cls(expit(votes[:, :DECISIVE]), expit(polarity), softmax(votes[:, DECISIVE]))


def keep(path: Path, found: Sequence[tuple[Example, Findings]]) -> None:
    """Write findings to a file, which appears whole or not at all."""
    counts = [len(each.decisive) for _, each in found]
    rows = np.concatenate([np.column_stack([f.judges, f.favours, f.decisive]) for _, f in found])
    whole = np.round(rows * STEPS).astype(np.uint8)
    # Of what a sentence does not judge nobody asks how.
    whole[:, len(ASPECTS) : 2 * len(ASPECTS)][whole[:, : len(ASPECTS)] == 0] = 0
    with whole_file(path) as handle:
        np.savez_compressed(
            handle,
            identities=np.array([example.identity for example, _ in found]),
            digests=np.array([digest(example.text)[:DIGEST] for example, _ in found]),
            ends=np.cumsum(counts),
            # By column: runs of zeros are longer there.
            probabilities=whole.T.copy(),
        )


def read(path: Path, examples: Mapping[str, Example]) -> Iterator[tuple[Example, Findings]]:
    """Yield the texts of a file of findings with what was found in them; `examples` are by identity.

    Raises DataError where a text is not there, or is another one.
    """
    with np.load(path) as kept:
        rows = kept["probabilities"].T.astype(np.float32) / STEPS
        parts = np.split(rows, kept["ends"][:-1])
        for identity, of, part in zip(kept["identities"].tolist(), kept["digests"].tolist(), parts, strict=True):
            example = examples.get(identity)
            if example is None or digest(example.text)[:DIGEST] != of:
                raise DataError(f"{path} was made of {identity}, which is not among the texts, or is another one.")
            judges, favours, decisive = np.split(part, [len(ASPECTS), 2 * len(ASPECTS)], axis=1)
            yield example, Findings(judges, favours, decisive[:, 0])
