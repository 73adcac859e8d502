"""Reading reviews: texts in, verdicts with their evidence out."""

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from os import PathLike
from typing import Final, Self

import numpy as np
import numpy.typing as npt
import torch

from sentiment.core import aspects, checkpoints
from sentiment.core.aspects import Mention
from sentiment.core.calibration import probability
from sentiment.core.classifier import Critic
from sentiment.core.devices import best_device
from sentiment.core.encoding import Encoded, length_sorted_batches, token_budget
from sentiment.core.engines import engine_for
from sentiment.core.evidence import Sentence, sentence_shares
from sentiment.core.text import sentence_spans

WINDOW: Final = 2048
"""How many texts are sorted by length together; the next ones are encoded while these are read."""


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

    def __init__(self, critic: Critic, device: str | torch.device | None = None, engine: str | None = None) -> None:
        """Move `critic` to `device` (a GPU where there is one) for reading only, with the named engine or the fastest.

        Raises EngineError where the named one cannot run this critic.
        """
        self.device = torch.device(device) if device else best_device()
        self.critic = critic.to(self.device).eval()
        self.engine = engine_for(self.critic, engine)

    @classmethod
    def load(
        cls,
        path: str | PathLike[str] = checkpoints.SHIPPED,
        device: str | torch.device | None = None,
        engine: str | None = None,
    ) -> Self:
        """Load and verify a checkpoint, or the shipped critic. Raises CheckpointError, and EngineError as above."""
        return cls(checkpoints.load(path), device, engine)

    def warm(self) -> None:
        """Pay now for what the first reading costs extra."""
        self.predict(["Warm."])

    def predict(self, texts: Sequence[str]) -> list[Prediction]:
        """Read any texts, long, broken and empty ones too; predictions come in the order of the texts."""
        return list(self.read(texts))

    def read(self, texts: Iterable[str]) -> Iterator[Prediction]:
        """Do the same bit by bit, for any number of texts: the next ones are encoded while those before are read."""
        waiting: list[Future[dict[int, Prediction]]] = []
        remaining = iter(texts)
        with ThreadPoolExecutor(self.engine.streams) as pool:
            while window := list(islice(remaining, WINDOW)):
                encoded = self.critic.text_encoder.encode(window)
                done = _in_order(waiting)
                waiting = [
                    pool.submit(self._read, {i: (window[i], encoded[i]) for i in positions})
                    for positions in length_sorted_batches(encoded, token_budget(self.device))
                ]
                yield from done
            yield from _in_order(waiting)

    def _read(self, batch: dict[int, tuple[str, Encoded]]) -> dict[int, Prediction]:
        encoded = [e for _, e in batch.values()]
        read = self.engine.read(self.critic.text_encoder.collate(encoded, self.device))
        bias = self.critic.bias
        logits = read.contributions.sum(axis=1, dtype=np.float64) + bias
        positive = probability(logits, self.critic.temperature)
        predictions = {}
        for row, (i, (text, e)) in enumerate(batch.items()):
            own = read.contributions[row, : len(e.ids)][e.own]
            shares = sentence_shares(sentence_spans(text), e.starts, e.head, e.tail, own)
            near = aspects.Reading.of(e.starts, e.head, e.tail, own, bias, self.critic.temperature)
            states = read.states[row, : len(e.ids)][e.own]
            predictions[i] = Prediction(
                positive=float(positive[row]),
                logit=float(logits[row]),
                bias=bias,
                sentences=shares,
                mentions=aspects.find_mentions(text, shares, near),
                embedding=(states.sum(axis=0) / max(1, len(states))).astype(np.float16),
            )
        return predictions


def _in_order(batches: Iterable[Future[dict[int, Prediction]]]) -> list[Prediction]:
    found: dict[int, Prediction] = {}
    for batch in batches:
        found |= batch.result()
    return [found[i] for i in range(len(found))]
