"""What a teacher makes of many texts, kept on disk shard by shard so that an interrupted reading goes on.

A folder is of one teacher, a shard of certain texts: both are named by what they are of. A shard holds, for a run of
texts: their logits [texts]; for each own token that was read its contribution to the logit [tokens] and its hidden
state in the teacher's leading directions [tokens, width]; and where each text's tokens end.
"""

import hashlib
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import numpy as np
import numpy.typing as npt

from sentiment.core.classifier import Critic
from sentiment.core.encoding import Encoded, length_sorted_batches, token_budget
from sentiment.core.engines import Engine, engine_for
from sentiment.core.progress import Progress

Array = npt.NDArray[np.floating]

SHARD: Final = 500
WIDTH: Final = 256
BASIS: Final = "basis.npz"


@dataclass(frozen=True, slots=True)
class Basis:
    """A teacher's leading directions: (states - mean) @ directions has unit variance along each. [hidden, width]."""

    mean: Array
    directions: Array

    @classmethod
    def fit(cls, states: Array, width: int = WIDTH) -> Self:
        """Find the directions of most variance in states [tokens, hidden], scaled to unit variance (PCA whitening)."""
        mean = states.mean(axis=0)
        covariance = np.cov((states - mean).T)
        variances, vectors = np.linalg.eigh(covariance)
        leading = np.argsort(variances)[::-1][:width]
        return cls(mean.astype(np.float32), (vectors[:, leading] / np.sqrt(variances[leading])).astype(np.float32))


@dataclass(frozen=True, slots=True)
class States:
    """What was kept of n texts; `hidden` stays on disk until it is asked for."""

    logits: Array
    contributions: Sequence[Array]
    hidden: Sequence[Array]

    @classmethod
    def load(cls, folder: Path, encoded: Sequence[Encoded]) -> Self:
        """Open what `keep_states` has kept of the same texts in this folder."""
        logits, contributions, hidden = [], [], []
        for shard in _shards(encoded):
            kept = {name: np.load(_path(folder, shard, name), mmap_mode="r") for name in _ARRAYS}
            ends = kept["ends"].tolist()
            logits.append(kept["logits"])
            for low, high in zip([0, *ends], ends, strict=False):
                contributions.append(kept["contributions"][low:high])
                hidden.append(kept["hidden"][low:high])
        return cls(np.concatenate(logits), contributions, hidden)

    def calibrated(self, temperature: float) -> Self:
        """Return the same with logits and contributions divided by the teacher's temperature."""
        shares = [np.asarray(kept, np.float32) / temperature for kept in self.contributions]
        return type(self)(self.logits / temperature, shares, self.hidden)

    def part(self, which: slice) -> Self:
        """Return those of some of the texts."""
        return type(self)(self.logits[which], self.contributions[which], self.hidden[which])


def mean_of(several: Sequence[States]) -> States:
    """Return the mean logits and contributions of several teachers; the hidden states are the first one's."""
    logits = np.mean([states.logits for states in several], axis=0)
    contributions = [np.mean(kept, axis=0) for kept in zip(*(s.contributions for s in several), strict=True)]
    return States(logits, contributions, several[0].hidden)


_ARRAYS: Final = ("logits", "contributions", "hidden", "ends")


def keep_states(teacher: Critic, encoded: Sequence[Encoded], folder: Path, report: Progress) -> None:
    """Read texts with `teacher` and keep what it makes of them; shards that are there already are not read again."""
    folder.mkdir(parents=True, exist_ok=True)
    engine: Engine | None = None
    basis: Basis | None = None
    done = 0
    for shard in _shards(encoded):
        if not _path(folder, shard, "ends").exists():
            engine = engine or engine_for(teacher)
            logits, contributions, hidden = _read(teacher, engine, shard)
            basis = basis or _basis(folder, hidden)
            kept = [((states - basis.mean) @ basis.directions).astype(np.float16) for states in hidden]
            arrays = {
                "logits": logits,
                "contributions": np.concatenate(contributions).astype(np.float16),
                "hidden": np.concatenate(kept),
                "ends": np.cumsum([len(states) for states in kept]),
            }
            # The ends come last: where they are, the shard is whole.
            for name in _ARRAYS:
                _write(_path(folder, shard, name), arrays[name])
        done += len(shard)
        report(done / len(encoded), f"the teacher has read {done} of {len(encoded)} texts")


def _read(teacher: Critic, engine: Engine, encoded: Sequence[Encoded]) -> tuple[Array, list[Array], list[Array]]:
    contributions: list[Array] = [np.empty(0)] * len(encoded)
    hidden: list[Array] = [np.empty(0)] * len(encoded)

    def read(positions: Sequence[int]) -> None:
        batch = teacher.text_encoder.collate([encoded[i] for i in positions], teacher.device)
        reading = engine.read(batch)
        for row, (i, own) in enumerate(zip(positions, batch.own.cpu().numpy(), strict=True)):
            hidden[i], contributions[i] = reading.states[row][own], reading.contributions[row][own]

    with ThreadPoolExecutor(engine.streams) as pool:
        list(pool.map(read, length_sorted_batches(encoded, token_budget(teacher.device))))
    logits = np.array([each.sum(dtype=np.float64) for each in contributions]) + teacher.bias
    return logits.astype(np.float32), contributions, hidden


def _basis(folder: Path, hidden: Sequence[Array]) -> Basis:
    """The directions are those of the first shard that was read, for all."""
    path = folder / BASIS
    if not path.exists():
        basis = Basis.fit(np.concatenate(hidden))
        partial = path.with_name("basis.partial.npz")
        np.savez(partial, mean=basis.mean, directions=basis.directions)
        os.replace(partial, path)
    with np.load(path) as kept:
        return Basis(kept["mean"], kept["directions"])


def folder_of(teacher: Critic, work: Path) -> Path:
    """Name the folder in `work` for what `teacher` makes of texts, by its weights: another one gets another folder."""
    found = hashlib.sha256()
    for tensor in teacher.state_dict().values():
        found.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return work / f"states-{found.hexdigest()[:12]}"


def _shards(encoded: Sequence[Encoded]) -> Iterator[Sequence[Encoded]]:
    for start in range(0, len(encoded), SHARD):
        yield encoded[start : start + SHARD]


def _path(folder: Path, shard: Sequence[Encoded], name: str) -> Path:
    found = hashlib.sha256(repr([len(each.ids) for each in shard]).encode())
    for each in shard:
        found.update(each.ids.tobytes())
    return folder / f"{found.hexdigest()[:16]}.{name}.npy"


def _write(path: Path, array: npt.NDArray[np.generic]) -> None:
    partial = path.with_name(f".{path.name}")
    with partial.open("wb") as handle:
        np.save(handle, array)
    os.replace(partial, path)
