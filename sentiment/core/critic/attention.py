"""Computes MPNet's attention in one fused step; transformers writes out its parts, matrices of all pairs of tokens."""

from typing import Any

import torch
from torch import nn
from transformers.models.mpnet.modeling_mpnet import MPNetSelfAttention


class _Fused(MPNetSelfAttention):
    def forward(
        self,
        hidden_states: torch.Tensor,
        attention_mask: torch.Tensor | None = None,
        position_bias: torch.Tensor | None = None,
        output_attentions: bool = False,
        **_unused: Any,
    ) -> tuple[torch.Tensor, ...]:
        shape = (*hidden_states.shape[:-1], -1, self.attention_head_size)
        query, key, value = (part(hidden_states).view(shape).transpose(1, 2) for part in (self.q, self.k, self.v))
        # All texts of a batch have the same relative positions.
        bias = None if position_bias is None else position_bias[:1]
        if bias is not None and attention_mask is not None:
            bias = bias + attention_mask
        joined = nn.functional.scaled_dot_product_attention(
            query,
            key,
            value,
            attn_mask=attention_mask if bias is None else bias.to(query.dtype),
            dropout_p=self.dropout.p if self.training else 0.0,
        )
        return (self.o(joined.transpose(1, 2).flatten(2)),)


def fuse(encoder: nn.Module) -> None:
    """Let every attention of an MPNet encoder compute the same by `scaled_dot_product_attention`; leave others alone.

    On a GPU that reads and trains about twice as fast. The encoder's attention weights can then not be asked for.
    """
    for module in encoder.modules():
        if type(module) is MPNetSelfAttention:
            module.__class__ = _Fused
