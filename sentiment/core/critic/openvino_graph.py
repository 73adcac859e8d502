"""Critics and annotators as OpenVINO graphs, whose linear layers multiply in 8 bits.

The weights are rounded to 8 bits per output, what they multiply per token and group of `GROUP` channels, while reading;
attention runs in bfloat16 where the CPU has it. Nothing is calibrated and nothing is kept on disk: the graph is built
when a model is loaded, in well under a second. Source of the options: OpenVINO's documentation of its CPU device.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import torch
from torch import nn
from transformers import PreTrainedModel

from sentiment.core.critic.annotator import Annotator
from sentiment.core.critic.classifier import Critic, layers_of

# Importing OpenVINO sends a message to its makers and leaves files in the home folder, unless its telemetry package is
# not there; its documented opt-out is by user and itself sends one. An entry of None says so to whoever imports it.
sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
try:
    import openvino as ov
    from openvino import opset13 as ops
except ImportError:
    ov = None


GROUP: Final = 128


def why_not(encoder: PreTrainedModel) -> str:
    """Say why no graph can be made of an encoder, or nothing."""
    if ov is None:
        return "the package openvino is not installed"
    config = encoder.config
    if config.model_type not in BLOCKS or config.hidden_act != "gelu":
        return f"its encoder is {config.model_type} with {getattr(config, 'hidden_act', 'another')} activation"
    return ""


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


BLOCKS: Final[dict[str, Callable[[Any], _Block]]] = {"bert": _bert_block, "mpnet": _mpnet_block}


def compiled(model: Any, streams: int) -> Any:
    """Compile a graph for a CPU, of which as many requests as there are `streams` may run at once."""
    core = ov.Core()
    half = "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    options = {
        "NUM_STREAMS": streams,
        "INFERENCE_NUM_THREADS": streams,
        # Pinned threads of two workers on one machine would fight over the same cores.
        "ENABLE_CPU_PINNING": False,
        "INFERENCE_PRECISION_HINT": "bf16" if half else "f32",
        "DYNAMIC_QUANTIZATION_GROUP_SIZE": GROUP,
    }
    return core.compile_model(model, "CPU", options)


def of_critic(critic: Critic) -> Any:
    """Return a critic as a graph of ids, attended and own [texts, tokens], that gives EngineOutput's arrays."""
    ids, attended = (ops.parameter([-1, -1], np.int64) for _ in range(2))
    is_own = ops.parameter([-1, -1], np.bool_)
    states = _Encoder(critic.encoder, critic.text_encoder.max_tokens).states(ids, attended)
    own = ops.convert(is_own, np.float32)
    count = ops.maximum(ops.reduce_sum(own, ops.constant([1]), keep_dims=True), _constant(1.0))
    votes = ops.reduce_sum(ops.multiply(states, _constant(critic.head.weight[0])), ops.constant([2]))
    weights = ops.unsqueeze(ops.divide(own, count), ops.constant([1]))
    means = ops.squeeze(ops.matmul(weights, states, transpose_a=False, transpose_b=False), ops.constant([1]))
    return ov.Model([ops.divide(ops.multiply(votes, own), count), means], [ids, attended, is_own], "critic")


def of_annotator(annotator: Annotator) -> Any:
    """Return an annotator as a graph of ids and attended [texts, tokens], that gives its outputs."""
    ids, attended = (ops.parameter([-1, -1], np.int64) for _ in range(2))
    states = _Encoder(annotator.encoder, annotator.text_encoder.max_tokens).states(ids, attended)
    heads = (_linear(head, states) for head in (annotator.votes, annotator.polarity))
    return ov.Model([ops.concat(list(heads), 2)], [ids, attended], "annotator")


class _Encoder:
    """An encoder as part of a graph; written out, because tracing takes seconds."""

    def __init__(self, encoder: PreTrainedModel, max_tokens: int) -> None:
        self.encoder: Any = encoder
        self.config = self.encoder.config
        self.max_tokens = max_tokens

    def states(self, ids: Any, attended: Any) -> Any:
        length = ops.gather(ops.shape_of(ids), ops.constant([1]), ops.constant(0))
        padding = ops.subtract(_constant(1.0), ops.convert(attended, np.float32))
        mask = ops.unsqueeze(ops.multiply(padding, _constant(-1e9)), ops.constant([1, 2]))
        if self.config.model_type == "mpnet":
            bias = self.encoder.encoder.compute_position_bias(torch.zeros(1, self.max_tokens, 1))
            mask = ops.add(mask, _first(_first(_constant(bias), length, 2), length, 3))
        states = self.embedded(ids, length)
        for layer in layers_of(self.encoder):
            states = self.read_by(BLOCKS[self.config.model_type](layer), states, mask)
        return states

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
