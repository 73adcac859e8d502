"""The critic itself: the first layers of an encoder, a mean over the text's own tokens, one linear layer."""

from copy import deepcopy
from typing import NamedTuple

import torch
from torch import nn
from transformers import AutoConfig, AutoModel, PreTrainedModel
from transformers.utils import logging as transformers_logging

from sentiment.core.critic.attention import fuse
from sentiment.core.critic.bases import Base, BaseError
from sentiment.core.critic.encoding import Batch, TextEncoder

# Layers left out on purpose would be reported as unexpected weights, with a progress bar for reading a local file.
transformers_logging.set_verbosity_error()
transformers_logging.disable_progress_bar()


class Output(NamedTuple):
    """One forward pass: `logits` [texts], and `contributions` [texts, tokens] with logit = bias + Σ contributions."""

    logits: torch.Tensor
    contributions: torch.Tensor


def load_encoder(base: Base, layers: int | None = None) -> PreTrainedModel:
    """Load the first `layers` layers of a base (all without it) in fp32, without its pooler.

    Raises BaseError where the base has fewer layers, or is not a model that transformers reads.
    """
    try:
        config = AutoConfig.from_pretrained(base.folder, local_files_only=True)
        if layers is not None and not 1 <= layers <= config.num_hidden_layers:
            raise BaseError(f"Base {base.name!r} has {config.num_hidden_layers} layers: cannot keep {layers}.")
        config.num_hidden_layers = layers or config.num_hidden_layers
        # A CPU has no fused attention with dropout: training would take up to 1.7 times as long.
        config.attention_probs_dropout_prob = 0.0
        encoder: PreTrainedModel = AutoModel.from_pretrained(
            base.folder, config=config, local_files_only=True, use_safetensors=True, dtype=torch.float32
        )
    except (OSError, KeyError) as error:
        raise BaseError(f"Base {base.name!r}: {base.folder} holds no model that can be read: {error}") from error
    if hasattr(encoder, "pooler"):
        encoder.register_module("pooler", None)
    fuse(encoder)
    return encoder


def layers_of(encoder: PreTrainedModel) -> nn.ModuleList:
    """Return the encoder's layers, whatever its architecture calls them."""
    count = encoder.config.num_hidden_layers
    return next(m for m in encoder.modules() if isinstance(m, nn.ModuleList) and len(m) == count)


class Critic(nn.Module):
    """Encoder → mean over the text's own tokens → linear, giving one logit: that of positive.

    Because mean and linear layer are both linear, the logit is bias + Σ over own tokens of w·h_t / n: every token's
    share is exact. `temperature` divides the logit where a probability is asked for (see calibration).
    """

    def __init__(
        self,
        base: Base,
        layers: int | None = None,
        max_tokens: int = 256,
        head_share: float = 0.5,
        temperature: float = 1.0,
    ) -> None:
        """Build on the first `layers` layers of `base` (all by default), undecided as yet. Raises BaseError."""
        super().__init__()
        encoder = load_encoder(base, layers)
        self.base = base
        self.layers: int = encoder.config.num_hidden_layers
        self.temperature = temperature
        self.encoder: PreTrainedModel = encoder
        self.head = nn.Linear(encoder.config.hidden_size, 1)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)
        self.text_encoder = TextEncoder(base.folder, max_tokens, head_share, encoder.config.pad_token_id or 0)
        self.eval()

    def first(self, layers: int) -> "Critic":
        """Return a copy of the first `layers` layers, undecided as yet. Raises BaseError where there are fewer."""
        if not 1 <= layers <= self.layers:
            raise BaseError(f"A critic of {self.layers} layers has not {layers}.")
        copy = deepcopy(self)
        del layers_of(copy.encoder)[layers:]
        copy.encoder.config.num_hidden_layers = copy.layers = layers
        nn.init.zeros_(copy.head.weight)
        nn.init.zeros_(copy.head.bias)
        copy.temperature = 1.0
        return copy

    @property
    def device(self) -> torch.device:
        """The device that holds the weights."""
        return self.head.weight.device

    @property
    def bias(self) -> float:
        """The logit of a text without tokens."""
        return self.head.bias.item()

    def forward(self, batch: Batch) -> Output:
        """Read a batch; the sums are in fp32 whatever the encoder computes in."""
        hidden = self.encoder(input_ids=batch.input_ids, attention_mask=batch.attention_mask).last_hidden_state
        return self.pool(hidden, batch)

    def pool(self, hidden: torch.Tensor, batch: Batch) -> Output:
        """Turn the encoder's states [texts, tokens, hidden] into logits and contributions."""
        per_token = (hidden.float() @ self.head.weight[0]) * batch.own
        contributions = per_token / batch.own.sum(dim=1, keepdim=True).clamp(min=1)
        return Output(contributions.sum(dim=1) + self.head.bias, contributions)
