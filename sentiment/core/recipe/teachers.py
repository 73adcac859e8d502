"""Keeps what a teacher makes of many texts on disk, shard by shard, so that an interrupted reading goes on.

A folder is of one teacher, a shard of certain texts: both are named by what they are of. A shard holds, for a run of
texts: their logits [texts]; each own token's contribution to its text's logit [tokens]; and where each text's end.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import numpy as np
import numpy.typing as npt

from sentiment.core.critic.classifier import Critic
from sentiment.core.critic.encoding import Encoded
from sentiment.core.critic.engines import Engine, engine_for, read_all
from sentiment.core.files import whole_file
from sentiment.core.progress import Progress

Array = npt.NDArray[np.floating]

SHARD: Final = 500


@dataclass(frozen=True, slots=True)
class Verdicts:
    """A teacher's logits [n] of n texts, and for each the contributions of its own tokens to its logit."""

    logits: Array
    contributions: Sequence[Array]

    @classmethod
    def load(cls, folder: Path, encoded: Sequence[Encoded]) -> Self:
        """Read what `keep_verdicts` has kept of the same texts in this folder."""
        logits: list[Array] = []
        contributions: list[Array] = []
        for shard in _shards(encoded):
            with np.load(_path(folder, shard)) as kept:
                logits.append(kept["logits"])
                contributions += np.split(kept["contributions"], kept["ends"][:-1])
        return cls(np.concatenate(logits), contributions)

    def calibrated(self, temperature: float) -> Self:
        """Return the same with logits and contributions divided by the teacher's temperature."""
        shares = [np.asarray(kept, np.float32) / np.float32(temperature) for kept in self.contributions]
        return type(self)(self.logits / np.float32(temperature), shares)

    def part(self, which: slice) -> Self:
        """Return those of some of the texts."""
        return type(self)(self.logits[which], self.contributions[which])


def mean_of(several: Sequence[Verdicts]) -> Verdicts:
    """Return the mean logits and contributions of several teachers."""
    logits = np.mean([verdicts.logits for verdicts in several], axis=0)
    contributions = [np.mean(kept, axis=0) for kept in zip(*(v.contributions for v in several), strict=True)]
    return Verdicts(logits, contributions)


def keep_verdicts(teacher: Critic, encoded: Sequence[Encoded], folder: Path, report: Progress) -> None:
    """Read texts with `teacher` and keep what it makes of them; shards that are there already are not read again."""
    folder.mkdir(parents=True, exist_ok=True)
    engine: Engine | None = None
    done = 0
    for shard in _shards(encoded):
        path = _path(folder, shard)
        if not path.exists():
            engine = engine or engine_for(teacher)
            logits, contributions = read_all(teacher, engine, shard)
            with whole_file(path) as handle:
                np.savez(
                    handle,
                    logits=logits,
                    contributions=np.concatenate(contributions).astype(np.float16),
                    ends=np.cumsum([len(each) for each in contributions]),
                )
        done += len(shard)
        report(done / len(encoded), f"the teacher has read {done} of {len(encoded)} texts")


def folder_of(teacher: Critic, work: Path) -> Path:
    """Name the folder in `work` for what `teacher` makes of texts, by its weights: another one gets another folder."""
    found = hashlib.sha256()
    for tensor in teacher.state_dict().values():
        found.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return work / f"verdicts-{found.hexdigest()[:12]}"


def _shards(encoded: Sequence[Encoded]) -> Iterator[Sequence[Encoded]]:
    for start in range(0, len(encoded), SHARD):
        yield encoded[start : start + SHARD]


def _path(folder: Path, shard: Sequence[Encoded]) -> Path:
    found = hashlib.sha256(repr([len(each.ids) for each in shard]).encode())
    for each in shard:
        found.update(each.ids.tobytes())
    return folder / f"{found.hexdigest()[:16]}.npz"
