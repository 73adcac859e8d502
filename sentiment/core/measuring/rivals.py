"""Engines that were tried on a CPU and are slower or less exact than what is kept; for `bench --rivals` alone."""

import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import torch
from torch import nn

from sentiment.core.critic.classifier import Critic
from sentiment.core.critic.encoding import Batch
from sentiment.core.critic.engines import Engine, EngineOutput, own_means


class _Rival:
    """A critic whose states are computed by `encode`, of token ids and attention mask, in one stream."""

    streams = 1

    def __init__(self, name: str, critic: Critic, encode: Callable[[torch.Tensor, torch.Tensor], torch.Tensor]) -> None:
        self.name = name
        self._critic = critic
        self._encode = encode

    def read(self, batch: Batch) -> EngineOutput:
        with torch.inference_mode():
            states = self._encode(batch.input_ids, batch.attention_mask).float()
            contributions = self._critic.pool(states, batch).contributions
            return EngineOutput(contributions.numpy(), own_means(states, batch).numpy())


def _torch_bf16(critic: Critic) -> Engine:
    def encode(ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        with torch.autocast("cpu", torch.bfloat16):
            return critic.encoder(input_ids=ids, attention_mask=mask)[0]

    return _Rival("torch bf16", critic, encode)


def _torch_int8(critic: Critic) -> Engine:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        encoder = torch.ao.quantization.quantize_dynamic(critic.encoder, {nn.Linear}, dtype=torch.qint8)
    return _Rival("torch int8", critic, lambda ids, mask: encoder(input_ids=ids, attention_mask=mask)[0])


class _States(nn.Module):
    """The encoder with two inputs and one output by position, as an export wants it."""

    def __init__(self, critic: Critic) -> None:
        super().__init__()
        self.encoder = critic.encoder

    def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        return self.encoder(input_ids=ids, attention_mask=mask)[0]


def _onnxruntime_int8(critic: Critic) -> Engine:
    import onnxruntime
    from onnxruntime.quantization import QuantType, quantize_dynamic

    example = critic.text_encoder.collate(critic.text_encoder.encode(["one text", "another, longer text"]))
    axes = {0: "texts", 1: "tokens"}
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        whole, small = (str(Path(folder) / name) for name in ("whole.onnx", "small.onnx"))
        torch.onnx.export(
            _States(critic),
            (example.input_ids, example.attention_mask),
            whole,
            input_names=["ids", "mask"],
            output_names=["states"],
            dynamic_axes={"ids": axes, "mask": axes, "states": axes},
            opset_version=17,
            dynamo=False,
        )
        quantize_dynamic(whole, small, per_channel=True, weight_type=QuantType.QInt8)
        options: Any = onnxruntime.SessionOptions()
        options.intra_op_num_threads = torch.get_num_threads()
        session = onnxruntime.InferenceSession(small, options, providers=["CPUExecutionProvider"])

    def encode(ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        return torch.from_numpy(session.run(["states"], {"ids": ids.numpy(), "mask": mask.numpy()})[0])

    return _Rival("onnxruntime int8", critic, encode)


RIVALS: Final[dict[str, Callable[[Critic], Engine]]] = {
    "torch bf16": _torch_bf16,
    "torch int8": _torch_int8,
    "onnxruntime int8": _onnxruntime_int8,
}
"""onnxruntime needs onnx too, to export; where it is not installed, it is left out."""
