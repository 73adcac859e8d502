"""Engines compute a critic's states: torch anywhere; on a CPU OpenVINO, whose linear layers multiply in 8 bits.

The weights are rounded to 8 bits per output, what they multiply per token and group of `GROUP` channels, while reading;
attention runs in bfloat16 where the CPU has it. Nothing is calibrated and nothing is kept on disk: the graph is built
when a critic is loaded, in well under a second. Source of the options: OpenVINO's documentation of its CPU device.
"""

import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any, Final, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from sentiment.core.critic.classifier import Critic, layers_of
from sentiment.core.critic.encoding import Batch, Encoded, length_sorted_batches, token_budget

# Importing OpenVINO sends a message to its makers and leaves files in the home folder, unless its telemetry package is
# not there; its documented opt-out is by user and itself sends one. An entry of None says so to whoever imports it.
sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
try:
    import openvino as ov
    from openvino import opset13 as ops
except ImportError:
    ov = None

Floats = npt.NDArray[np.float32]

GROUP: Final = 128


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


def _why_not_openvino(critic: Critic) -> str:
    config = critic.encoder.config
    if ov is None:
        return "the package openvino is not installed"
    if critic.device.type != "cpu":
        return f"it is on {critic.device}"
    if config.model_type not in _BLOCKS or config.hidden_act != "gelu":
        return f"its encoder is {config.model_type} with {getattr(config, 'hidden_act', 'another')} activation"
    return ""


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


class OpenVinoEngine:
    """Computes by OpenVINO on a CPU, in 8 bits; every core reads a batch of its own, so that none waits for another."""

    name = "openvino"

    def __init__(self, critic: Critic) -> None:
        """Build and compile the graph."""
        self.streams = torch.get_num_threads()
        core = ov.Core()
        half = "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
        compiled = core.compile_model(
            _Graph(critic).model(),
            "CPU",
            {
                "NUM_STREAMS": self.streams,
                "INFERENCE_NUM_THREADS": self.streams,
                # Pinned threads of two workers on one machine would fight over the same cores.
                "ENABLE_CPU_PINNING": False,
                "INFERENCE_PRECISION_HINT": "bf16" if half else "f32",
                "DYNAMIC_QUANTIZATION_GROUP_SIZE": GROUP,
            },
        )
        self._idle: SimpleQueue[Any] = SimpleQueue()
        for _ in range(self.streams):
            self._idle.put(compiled.create_infer_request())

    def read(self, batch: Batch) -> EngineOutput:
        """Read a batch."""
        request = self._idle.get()
        try:
            result = request.infer([batch.input_ids.numpy(), batch.attention_mask.numpy(), batch.own.numpy()])
            return EngineOutput(result[0], result[1])
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


@dataclass(frozen=True, slots=True)
class _Block:
    """The parts of one transformer layer, whatever its architecture calls them."""

    query: nn.Linear
    key: nn.Linear
    value: nn.Linear
    joined: nn.Linear
    attention_norm: nn.LayerNorm
    up: nn.Linear
    down: nn.Linear
    norm: nn.LayerNorm


def _bert_block(layer: Any) -> _Block:
    own, after, feed = layer.attention.self, layer.attention.output, layer.output
    parts = own.query, own.key, own.value, after.dense, after.LayerNorm
    return _Block(*parts, layer.intermediate.dense, feed.dense, feed.LayerNorm)


def _mpnet_block(layer: Any) -> _Block:
    own, feed = layer.attention.attn, layer.output
    parts = own.q, own.k, own.v, own.o, layer.attention.LayerNorm
    return _Block(*parts, layer.intermediate.dense, feed.dense, feed.LayerNorm)


_BLOCKS: Final[dict[str, Callable[[Any], _Block]]] = {"bert": _bert_block, "mpnet": _mpnet_block}


class _Graph:
    """A critic as an OpenVINO graph of ids, attended and own [texts, tokens]; written out: tracing takes seconds."""

    def __init__(self, critic: Critic) -> None:
        self.encoder: Any = critic.encoder
        self.config = self.encoder.config
        self.max_tokens = critic.text_encoder.max_tokens
        self.head = critic.head

    def model(self) -> Any:
        ids, attended = (ops.parameter([-1, -1], np.int64) for _ in range(2))
        is_own = ops.parameter([-1, -1], np.bool_)
        length = ops.gather(ops.shape_of(ids), ops.constant([1]), ops.constant(0))
        padding = ops.subtract(_constant(1.0), ops.convert(attended, np.float32))
        mask = ops.unsqueeze(ops.multiply(padding, _constant(-1e9)), ops.constant([1, 2]))
        if self.config.model_type == "mpnet":
            bias = self.encoder.encoder.compute_position_bias(torch.zeros(1, self.max_tokens, 1))
            mask = ops.add(mask, _first(_first(_constant(bias), length, 2), length, 3))
        states = self.embedded(ids, length)
        for layer in layers_of(self.encoder):
            states = self.read_by(_BLOCKS[self.config.model_type](layer), states, mask)
        own = ops.convert(is_own, np.float32)
        count = ops.maximum(ops.reduce_sum(own, ops.constant([1]), keep_dims=True), _constant(1.0))
        votes = ops.reduce_sum(ops.multiply(states, _constant(self.head.weight[0])), ops.constant([2]))
        weights = ops.unsqueeze(ops.divide(own, count), ops.constant([1]))
        means = ops.squeeze(ops.matmul(weights, states, transpose_a=False, transpose_b=False), ops.constant([1]))
        return ov.Model([ops.divide(ops.multiply(votes, own), count), means], [ids, attended, is_own], "critic")

    def embedded(self, ids: Any, length: Any) -> Any:
        tables = self.encoder.embeddings
        first = self.config.pad_token_id + 1 if self.config.model_type == "mpnet" else 0
        places = tables.position_embeddings.weight[first : first + self.max_tokens]
        if hasattr(tables, "token_type_embeddings"):
            places = places + tables.token_type_embeddings.weight[0]
        words = ops.gather(_constant(tables.word_embeddings.weight), ids, ops.constant(0))
        return _normalised(tables.LayerNorm, ops.add(words, _first(_constant(places), length, 0)))

    def read_by(self, block: _Block, states: Any, mask: Any) -> Any:
        query, key, value = (self.heads(_linear(part, states)) for part in (block.query, block.key, block.value))
        attended = ops.transpose(ops.scaled_dot_product_attention(query, key, value, mask), ops.constant([0, 2, 1, 3]))
        joined = ops.reshape(attended, ops.constant([0, 0, self.config.hidden_size]), special_zero=True)
        states = _normalised(block.attention_norm, ops.add(_linear(block.joined, joined), states))
        wide = ops.gelu(_linear(block.up, states), "erf")
        return _normalised(block.norm, ops.add(_linear(block.down, wide), states))

    def heads(self, values: Any) -> Any:
        heads = self.config.num_attention_heads
        shape = ops.constant([0, 0, heads, self.config.hidden_size // heads])
        return ops.transpose(ops.reshape(values, shape, special_zero=True), ops.constant([0, 2, 1, 3]))


def _linear(linear: nn.Linear, values: Any) -> Any:
    weight = linear.weight.detach().numpy()
    step = np.abs(weight).max(axis=1, keepdims=True).clip(1e-12) / 127
    whole = ops.convert(ops.constant(np.round(weight / step).astype(np.int8)), np.float32)
    product = ops.matmul(values, ops.multiply(whole, _constant(step)), transpose_a=False, transpose_b=True)
    return ops.add(product, _constant(linear.bias))


def _normalised(norm: nn.LayerNorm, values: Any) -> Any:
    centred = ops.mvn(values, ops.constant([-1]), normalize_variance=True, eps=norm.eps, eps_mode="inside_sqrt")
    return ops.add(ops.multiply(centred, _constant(norm.weight)), _constant(norm.bias))


def _constant(value: Any) -> Any:
    array = value.detach().numpy() if isinstance(value, torch.Tensor) else np.asarray(value, np.float32)
    return ops.constant(array, dtype=np.float32, shared_memory=array.dtype == np.float32)


def _first(values: Any, count: Any, axis: int) -> Any:
    one = ops.constant([1])
    return ops.slice(values, ops.constant([0]), count, one, ops.constant([axis]))
