"""Engines compute what critics and annotators make of texts: torch anywhere; OpenVINO on a CPU, in 8 bits."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from typing import Any, Final, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
import torch

from sentiment.core.critic import openvino_graph
from sentiment.core.critic.annotator import Annotator
from sentiment.core.critic.classifier import Critic
from sentiment.core.critic.encoding import Batch, Encoded, length_sorted_batches, token_budget

Floats = npt.NDArray[np.float32]


class EngineError(ValueError):
    """An engine that cannot run this critic here. The message says why."""


class EngineOutput(NamedTuple):
    """One forward pass: `contributions` [texts, tokens], logit = bias + Σ contributions; `means` [texts, hidden].

    Both are fp32 on the CPU. What stands at special tokens and padding contributes 0; `means` are those of the last
    states of the texts' own tokens.
    """

    contributions: Floats
    means: Floats


class Engine(Protocol):
    """A critic ready to compute. Up to `streams` threads may call `read` at once, and should."""

    name: str
    streams: int

    def read(self, batch: Batch) -> EngineOutput:
        """Read a batch that is on the critic's device."""


class AnnotatorEngine(Protocol):
    """An annotator ready to compute, for as many threads as the critic's engine beside it."""

    def annotate(self, batch: Batch) -> Floats:
        """Return what the annotator makes of each token of a batch [texts, tokens, OUTPUTS], in fp32 on the CPU."""


def engine_for(critic: Critic, name: str | None = None) -> Engine:
    """Return the fastest engine that runs `critic` where it is, or the one that is named ("openvino" or "torch").

    Raises EngineError where that one cannot.
    """
    if name not in (None, *ENGINES):
        raise EngineError(f"Unknown engine {name!r}: choose {' or '.join(ENGINES)}.")
    problem = _why_not_openvino(critic)
    if name == "openvino" and problem:
        raise EngineError(f"OpenVINO cannot run this critic: {problem}.")
    return TorchEngine(critic) if name == "torch" or problem else OpenVinoEngine(critic)


def annotator_engine_for(annotator: Annotator, name: str) -> AnnotatorEngine:
    """Return the engine of that name for `annotator`, or torch's where that one cannot run it."""
    able = name == OpenVinoEngine.name and not _why_not_openvino(annotator)
    return OpenVinoAnnotatorEngine(annotator) if able else TorchAnnotatorEngine(annotator)


def _why_not_openvino(model: Critic | Annotator) -> str:
    if model.device.type != "cpu":
        return f"it is on {model.device}"
    return openvino_graph.why_not(model.encoder)


def own_means(states: torch.Tensor, batch: Batch) -> torch.Tensor:
    """Average the states [texts, tokens, hidden] of each text's own tokens, in fp32: [texts, hidden]."""
    weights = batch.own / batch.own.sum(dim=1, keepdim=True).clamp(min=1)
    return torch.einsum("tkh,tk->th", states.float(), weights)


class TorchEngine:
    """Computes by torch: in fp32 on a CPU, all of whose cores share one batch; on a GPU with the encoder in bf16."""

    name = "torch"

    def __init__(self, critic: Critic) -> None:
        """Prepare a critic on the device where it is."""
        self._critic = critic
        # On a GPU one thread keeps it busy while another turns its answers into evidence.
        self.streams = 2 if critic.device.type == "cuda" else 1
        if critic.device.type == "cuda":
            critic.encoder.bfloat16()

    def read(self, batch: Batch) -> EngineOutput:
        """Read a batch."""
        with torch.inference_mode():
            states = self._critic.encoder(input_ids=batch.input_ids, attention_mask=batch.attention_mask)[0]
            contributions = self._critic.pool(states, batch).contributions
            return EngineOutput(contributions.cpu().numpy(), own_means(states, batch).cpu().numpy())


class TorchAnnotatorEngine:
    """Computes an annotator by torch, as TorchEngine does a critic."""

    def __init__(self, annotator: Annotator) -> None:
        """Prepare an annotator on the device where it is."""
        self._annotator = annotator
        if annotator.device.type == "cuda":
            annotator.bfloat16()

    def annotate(self, batch: Batch) -> Floats:
        """Read a batch."""
        with torch.inference_mode():
            outputs: Floats = self._annotator(batch).cpu().numpy()
            return outputs


class OpenVinoEngine:
    """Computes by OpenVINO on a CPU, in 8 bits; every core reads a batch of its own, so that none waits for another."""

    name = "openvino"

    def __init__(self, critic: Critic) -> None:
        """Build and compile the graph."""
        self.streams = torch.get_num_threads()
        self._compiled = _Compiled(openvino_graph.of_critic(critic), self.streams)

    def read(self, batch: Batch) -> EngineOutput:
        """Read a batch."""
        contributions, means = self._compiled(batch.input_ids, batch.attention_mask, batch.own)
        return EngineOutput(contributions, means)


class OpenVinoAnnotatorEngine:
    """Computes an annotator as OpenVinoEngine does a critic."""

    def __init__(self, annotator: Annotator) -> None:
        """Build and compile the graph."""
        self._compiled = _Compiled(openvino_graph.of_annotator(annotator), torch.get_num_threads())

    def annotate(self, batch: Batch) -> Floats:
        """Read a batch."""
        (outputs,) = self._compiled(batch.input_ids, batch.attention_mask)
        return outputs


class _Compiled:
    """A compiled graph, and as many requests for it as there are streams."""

    def __init__(self, model: Any, streams: int) -> None:
        compiled = openvino_graph.compiled(model, streams)
        self._idle: SimpleQueue[Any] = SimpleQueue()
        for _ in range(streams):
            self._idle.put(compiled.create_infer_request())

    def __call__(self, *inputs: torch.Tensor) -> list[Floats]:
        request = self._idle.get()
        try:
            return list(request.infer([each.numpy() for each in inputs]).to_tuple())
        finally:
            self._idle.put(request)


ENGINES: Final = (OpenVinoEngine.name, TorchEngine.name)


def read_all(critic: Critic, engine: Engine, encoded: Sequence[Encoded]) -> tuple[Floats, list[Floats]]:
    """Return the logits [n] of texts, and each own token's contribution, by the engine that was made of `critic`."""
    contributions: list[Floats] = [np.empty(0, np.float32)] * len(encoded)

    def read_batch(positions: Sequence[int]) -> None:
        batch = critic.text_encoder.collate([encoded[i] for i in positions], critic.device)
        output = engine.read(batch)
        for row, (i, own) in enumerate(zip(positions, batch.own.cpu().numpy(), strict=True)):
            contributions[i] = output.contributions[row][own]

    with ThreadPoolExecutor(engine.streams) as pool:
        list(pool.map(read_batch, length_sorted_batches(encoded, token_budget(critic.device))))
    logits = np.array([each.sum(dtype=np.float64) for each in contributions]) + critic.bias
    return logits.astype(np.float32), contributions
