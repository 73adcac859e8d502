"""Features of texts that many models share: computed once, kept on disk shard by shard, and taken up from there."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from sentiment.core.corpus.data import digest
from sentiment.core.files import whole_file

Array = npt.NDArray[np.float32]

SHARD: Final = 500


class FeatureStore:
    """Features of any texts, each found by its text's digest. What computes them must be named by the folder."""

    def __init__(self, folder: Path, compute: Callable[[Sequence[str]], Array]) -> None:
        """Read what `folder` holds (it need not exist); `compute` makes features [n, ...] of n texts."""
        self._folder = folder
        self._compute = compute
        self._known: dict[str, Array] = {}
        for path in sorted(folder.glob("*.npz")):
            with np.load(path) as shard:
                self._known.update(zip(shard["digests"].tolist(), shard["features"], strict=True))

    def of(self, texts: Sequence[str]) -> Array:
        """Return the features [n, ...] of n texts, in their order; texts not met before are computed and kept."""
        missing = {digest(text): text for text in texts}
        for known in missing.keys() & self._known.keys():
            del missing[known]
        for start in range(0, len(missing), SHARD):
            names = list(missing)[start : start + SHARD]
            features = self._compute([missing[name] for name in names])
            self._keep(names, features)
            self._known.update(zip(names, features, strict=True))
        return np.stack([self._known[digest(text)] for text in texts])

    def _keep(self, names: Sequence[str], features: Array) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        # Named after its first text: two who compute the same write the same file.
        with whole_file(self._folder / f"{names[0]}.npz") as handle:
            np.savez(handle, digests=np.array(names), features=features)
