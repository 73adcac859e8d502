"""Reads reviews with a critic: texts in, verdicts with their evidence out."""

import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from os import PathLike
from typing import Final, NamedTuple, Self

import numpy as np
import numpy.typing as npt
import torch

from sentiment.core.critic import checkpoints
from sentiment.core.critic.analysis import Analysis, Analysts, Passage
from sentiment.core.critic.aspects import Mention
from sentiment.core.critic.calibration import probability
from sentiment.core.critic.classifier import Critic
from sentiment.core.critic.devices import best_device
from sentiment.core.critic.encoding import Encoded, length_sorted_batches, token_budget
from sentiment.core.critic.engines import Floats, engine_for
from sentiment.core.critic.evidence import Sentence

WINDOW: Final = 2048
"""How many texts are sorted by length together; the next ones are encoded while these are read."""
MOST_PROCESSES: Final = 12
"""How many processes analyse what a GPU reads, where there are the cores for them."""


@dataclass(frozen=True, slots=True)
class Prediction:
    """A verdict: the probability of positive, its logit (before temperature), and logit = bias + Σ sentence shares.

    `mentions` are the aspects that sentences judge; `embedding` [hidden] is the mean of the states of the tokens read.
    """

    positive: float
    logit: float
    bias: float
    sentences: tuple[Sentence, ...]
    mentions: tuple[Mention, ...]
    embedding: npt.NDArray[np.float16] = field(compare=False)


class Scorer:
    """A critic ready to read: on a CPU in 8 bits where OpenVINO is installed, else in fp32; on a GPU in bf16.

    The same text gets the same verdict in any company: its probability within 1e-4 in fp32, else within 1e-2.
    """

    def __init__(
        self,
        critic: Critic,
        device: str | torch.device | None = None,
        engine: str | None = None,
        processes: int | None = None,
    ) -> None:
        """Move `critic` to `device` (a GPU where there is one) for reading only, with the named engine or the fastest.

        So many `processes` share the analysis of readings of at least WINDOW texts: if not told, on a GPU as many as
        pay, and else none. Raises EngineError where the named engine cannot run this critic.
        """
        self.device = torch.device(device) if device else best_device()
        self.critic = critic.to(self.device).eval()
        self.engine = engine_for(self.critic, engine)
        on_gpu = self.device.type == "cuda"
        self.processes = processes if processes is not None else _spare_cores() if on_gpu else 0

    @classmethod
    def load(
        cls,
        path: str | PathLike[str] = checkpoints.SHIPPED,
        device: str | torch.device | None = None,
        engine: str | None = None,
        version: str | None = None,
    ) -> Self:
        """Load and verify a checkpoint, or the shipped critic. Raises CheckpointError, and EngineError as above.

        `version` is the fingerprint that it should have.
        """
        return cls(checkpoints.load(path, version), device, engine)

    def warm(self) -> None:
        """Read one short text, so that the first real one does not take longer than others."""
        self.predict(["Warm."])

    def predict(self, texts: Sequence[str]) -> list[Prediction]:
        """Read any texts, long, broken and empty ones too; predictions come in the order of the texts."""
        return list(self.read(texts))

    def read(self, texts: Iterable[str]) -> Iterator[Prediction]:
        """Yield the predictions of any number of texts, in order; the next are encoded while those before are read."""
        waiting: list[Future[_Read]] = []
        remaining = iter(texts)
        with Analysts(self.processes) as analysts, _threads(self.engine.streams) as pool:
            while window := list(islice(remaining, WINDOW)):
                if len(window) == WINDOW:
                    analysts.start()
                encoded = self.critic.text_encoder.encode(window)
                before = waiting
                # These wait their turn before those are waited for, so that a GPU always has a batch.
                waiting = [
                    pool.submit(self._read, {i: (window[i], encoded[i]) for i in positions}, analysts)
                    for positions in length_sorted_batches(encoded, token_budget(self.device))
                ]
                yield from self._in_order(before)
            yield from self._in_order(waiting)

    def _read(self, batch: dict[int, tuple[str, Encoded]], analysts: Analysts) -> "_Read":
        encoded = [e for _, e in batch.values()]
        output = self.engine.read(self.critic.text_encoder.collate(encoded, self.device))
        logits = output.contributions.sum(axis=1, dtype=np.float64) + self.critic.bias
        passages = [
            Passage(text, e.starts, e.head, e.tail, _own(row, e))
            for (text, e), row in zip(batch.values(), output.contributions, strict=True)
        ]
        return _Read(
            list(batch),
            logits.tolist(),
            probability(logits, self.critic.temperature).tolist(),
            list(output.means.astype(np.float16)),
            analysts.analyse(passages, self.critic.bias, self.critic.temperature),
        )

    def _in_order(self, batches: Iterable[Future["_Read"]]) -> list[Prediction]:
        bias = self.critic.bias
        found: dict[int, Prediction] = {}
        for batch in batches:
            for i, logit, positive, embedding, (sentences, mentions) in zip(*batch.result(), strict=True):
                found[i] = Prediction(positive, logit, bias, sentences, mentions, embedding)
        return [found[i] for i in range(len(found))]


class _Read(NamedTuple):
    """What was made of a batch, each per text; the analyses may still be going on."""

    positions: list[int]
    logits: list[float]
    positive: list[float]
    embeddings: list[npt.NDArray[np.float16]]
    analyses: Iterator[Analysis]


@contextmanager
def _threads(count: int) -> Iterator[ThreadPoolExecutor]:
    pool = ThreadPoolExecutor(count)
    try:
        yield pool
    finally:
        # Whoever stops listening half-way need not wait for the rest.
        pool.shutdown(cancel_futures=True)


def _own(row: Floats, encoded: Encoded) -> Floats:
    """Return what stands at the text's own tokens: they follow each other, so nothing is copied."""
    first = int(encoded.own.argmax())
    return row[first : first + encoded.head + encoded.tail]


def _spare_cores() -> int:
    """Return how many processes may analyse beside this one, which encodes, drives the GPU and collects."""
    return max(0, min(len(os.sched_getaffinity(0)) - 2, MOST_PROCESSES))
