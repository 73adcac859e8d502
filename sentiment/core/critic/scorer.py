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
from sentiment.core.critic.analysis import Analysis, Analysts, Notes, Passage
from sentiment.core.critic.annotator import Annotator
from sentiment.core.critic.calibration import probability
from sentiment.core.critic.classifier import Critic
from sentiment.core.critic.devices import best_device
from sentiment.core.critic.encoding import Batch, Encoded, length_sorted_batches, token_budget
from sentiment.core.critic.engines import Floats, annotator_engine_for, engine_for
from sentiment.core.critic.evidence import Sentence
from sentiment.core.critic.marks import Mark
from sentiment.core.critic.mentions import Mention
from sentiment.core.text import sentence_spans
from sentiment.core.words.judging import By, Unread, why_unread

WINDOW: Final = 2048
"""How many texts are sorted by length together; the next ones are encoded while these are read."""
Logits = npt.NDArray[np.float64]
MOST_PROCESSES: Final = 12
"""How many processes analyse what a GPU reads, where there are the cores for them."""


@dataclass(frozen=True, slots=True)
class Prediction:
    """A verdict: the probability of positive that counts, and what it follows from (`by`).

    `critic` is the critic's own, of its logit (before temperature), and logit = bias + Σ sentence shares. `mentions`
    are the aspects that sentences judge, `marks` the sentences that decide, the most decisive first, of those that were
    `ranked` for it; `embedding`
    [hidden] is the mean of the states of the tokens read. A text that is `unread`, for the reason that is given, has no
    probability of positive, and all else is that of an empty one.
    """

    positive: float | None
    by: By
    critic: float
    logit: float
    bias: float
    sentences: tuple[Sentence, ...]
    mentions: tuple[Mention, ...]
    marks: tuple[Mark, ...]
    embedding: npt.NDArray[np.float16] = field(compare=False)
    unread: Unread | None = None
    ranked: tuple[Mark, ...] = field(default=(), repr=False)


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
        annotator: Annotator | None = None,
    ) -> None:
        """Move `critic` to `device` (a GPU where there is one) for reading only, with the named engine or the fastest.

        Beside it reads an `annotator`, where there is one: without it, words alone say what sentences judge, and no
        sentence is marked.

        So many `processes` share the analysis of readings of at least WINDOW texts: if not told, on a GPU as many as
        pay, and else none. Raises EngineError where the named engine cannot run this critic.
        """
        self.device = torch.device(device) if device else best_device()
        self.critic = critic.to(self.device).eval()
        self.engine = engine_for(self.critic, engine)
        self.annotator = annotator.to(self.device).eval() if annotator else None
        self._annotating = annotator_engine_for(self.annotator, self.engine.name) if self.annotator else None
        on_gpu = self.device.type == "cuda"
        self.processes = processes if processes is not None else _spare_cores() if on_gpu else 0

    @classmethod
    def load(
        cls,
        path: str | PathLike[str] = checkpoints.SHIPPED,
        device: str | torch.device | None = None,
        engine: str | None = None,
        version: str | None = None,
        annotator: str | PathLike[str] | None = None,
    ) -> Self:
        """Load and verify a checkpoint, or the shipped critic, and an annotator, or the shipped one.

        `version` is the fingerprint that the critic should have. Raises CheckpointError, and EngineError as above.
        """
        beside = checkpoints.load_annotator(annotator) if annotator else checkpoints.shipped_annotator()
        return cls(checkpoints.load(path, version), device, engine, annotator=beside)

    def warm(self) -> None:
        """Read one short text, so that the first real one does not take longer than others."""
        self.predict(["Warm."])

    def predict(self, texts: Sequence[str], *, everything: bool = False) -> list[Prediction]:
        """Read any texts, long, broken and empty ones too; predictions come in the order of the texts."""
        return list(self.read(texts, everything=everything))

    def read(self, texts: Iterable[str], *, everything: bool = False) -> Iterator[Prediction]:
        """Yield the predictions of any number of texts, in order; the next are encoded while those before are read.

        With `everything` the critic reads what is in no language it knows, too.
        """
        waiting = _Window({}, [])
        remaining = iter(texts)
        with Analysts(self.processes) as analysts, _threads(self.engine.streams) as pool:
            while window := list(islice(remaining, WINDOW)):
                if len(window) == WINDOW:
                    analysts.start()
                before, waiting = waiting, self._begin(window, pool, analysts, everything)
                yield from self._in_order(before)
            yield from self._in_order(waiting)

    def logits(self, texts: Sequence[str]) -> Logits:
        """Return the critic's logits [texts] alone, which takes less than all that `predict` tells."""
        encoded = self.critic.text_encoder.encode(texts)
        found = np.zeros(len(texts))

        def read(positions: Sequence[int]) -> None:
            batch = self.critic.text_encoder.collate([encoded[i] for i in positions], self.device)
            found[positions] = self.engine.read(batch).contributions.sum(axis=1, dtype=np.float64) + self.critic.bias

        with _threads(self.engine.streams) as pool:
            list(pool.map(read, length_sorted_batches(encoded, token_budget(self.device))))
        return found

    def _begin(
        self, window: Sequence[str], pool: ThreadPoolExecutor, analysts: Analysts, everything: bool
    ) -> "_Window":
        """Let the texts of a window wait their turn; as those of the last are still read, a GPU always has a batch."""
        reasons = {} if everything else {i: why for i, text in enumerate(window) if (why := why_unread(text))}
        readable = [i for i in range(len(window)) if i not in reasons]
        encoded = self.critic.text_encoder.encode([window[i] for i in readable])
        batches = [
            pool.submit(self._read, {readable[k]: (window[readable[k]], encoded[k]) for k in positions}, analysts)
            for positions in length_sorted_batches(encoded, token_budget(self.device))
        ]
        return _Window({i: self._unread(window[i], why) for i, why in reasons.items()}, batches)

    def _unread(self, text: str, why: Unread) -> Prediction:
        bias = self.critic.bias
        probability_of_none = float(probability(np.array([bias]), self.critic.temperature)[0])
        sentences = tuple(Sentence(start, end, 0.0, read=False) for start, end in sentence_spans(text))
        embedding = np.zeros(self.critic.encoder.config.hidden_size, np.float16)
        return Prediction(None, "critic", probability_of_none, bias, bias, sentences, (), (), embedding, why)

    def _read(self, batch: dict[int, tuple[str, Encoded]], analysts: Analysts) -> "_Read":
        texts, encoded = [text for text, _ in batch.values()], [e for _, e in batch.values()]
        collated = self.critic.text_encoder.collate(encoded, self.device)
        output = self.engine.read(collated)
        logits = output.contributions.sum(axis=1, dtype=np.float64) + self.critic.bias
        critic = probability(logits, self.critic.temperature).tolist()
        notes = self.notes(texts, encoded, collated)
        passages = [
            Passage(text, positive, e.starts, e.head, e.tail, _own(row, e), note)
            for text, positive, e, row, note in zip(texts, critic, encoded, output.contributions, notes, strict=True)
        ]
        return _Read(
            list(batch),
            critic,
            logits.tolist(),
            list(output.means.astype(np.float16)),
            analysts.analyse(passages, self.critic.bias, self.critic.temperature),
        )

    def notes(
        self, texts: Sequence[str], encoded: Sequence[Encoded], collated: Batch
    ) -> Sequence[Notes] | Sequence[None]:
        """Let the annotator, if there is one, read texts that are encoded and collated for the critic."""
        if self.annotator is None or self._annotating is None:
            return [None] * len(texts)
        if not self.critic.text_encoder.reads_as(self.annotator.text_encoder):
            encoded = self.annotator.text_encoder.encode(texts)
            collated = self.annotator.text_encoder.collate(encoded, self.device)
        outputs = self._annotating.annotate(collated)
        return [Notes(e.starts, e.head, e.tail, _own(row, e)) for e, row in zip(encoded, outputs, strict=True)]

    def _in_order(self, window: "_Window") -> list[Prediction]:
        bias = self.critic.bias
        found = dict(window.unread)
        for batch in window.batches:
            for i, critic, logit, embedding, analysis in zip(*batch.result(), strict=True):
                judged, sentences, mentions, marks, ranked = analysis
                own, evidence = (judged.positive, judged.by, critic, logit, bias), (sentences, mentions, marks)
                found[i] = Prediction(*own, *evidence, embedding, ranked=ranked)
        return [found[i] for i in range(len(found))]


class _Read(NamedTuple):
    """What was made of a batch, each per text; the analyses may still be going on."""

    positions: list[int]
    critic: list[float]
    logits: list[float]
    embeddings: list[npt.NDArray[np.float16]]
    analyses: Iterator[Analysis]


class _Window(NamedTuple):
    """Texts that are being read: predictions of those that are left unread, by position, and the others' batches."""

    unread: dict[int, Prediction]
    batches: list[Future[_Read]]


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
