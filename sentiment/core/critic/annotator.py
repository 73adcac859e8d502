"""Reads which sentences judge which aspect, how, and which of them are decisive: a small network of its own.

It is no part of a critic: it learnt from reviews that were read by hand (docs/gold.md), and annotates what any critic
judges. Each token votes; annotations.py tells how sentences come of that.
"""

from typing import Final

import torch
from torch import nn
from transformers import PreTrainedModel

from sentiment.core.critic.annotations import DECISIVE, LENGTH, NONE
from sentiment.core.critic.aspects import ASPECTS
from sentiment.core.critic.bases import Base
from sentiment.core.critic.classifier import load_encoder
from sentiment.core.critic.encoding import Batch, TextEncoder

RARELY: Final = -4.0
"""Where the votes of one that has learnt nothing begin: few sentences judge any one aspect."""


class Annotator(nn.Module):
    """Encoder → for each token, votes for the ASPECTS and for being decisive, and a polarity for each aspect."""

    def __init__(self, base: Base, layers: int, max_tokens: int = 384, head_share: float = 0.5) -> None:
        """Build on the first `layers` layers of `base`, without a vote as yet. Raises BaseError."""
        super().__init__()
        encoder = load_encoder(base, layers)
        hidden = encoder.config.hidden_size
        self.base = base
        self.layers = layers
        self.encoder: PreTrainedModel = encoder
        self.votes = nn.Linear(hidden, len(ASPECTS) + 1)
        self.polarity = nn.Linear(hidden, len(ASPECTS))
        for head, bias in ((self.votes, RARELY), (self.polarity, 0.0)):
            nn.init.normal_(head.weight, std=0.02)
            nn.init.constant_(head.bias, bias)
        self.text_encoder = TextEncoder(base.folder, max_tokens, head_share, encoder.config.pad_token_id or 0)
        self.eval()

    @property
    def device(self) -> torch.device:
        """The device that holds the weights."""
        return self.votes.weight.device

    def forward(self, batch: Batch) -> torch.Tensor:
        """Return [texts, tokens, OUTPUTS]: each token's votes, then its polarities."""
        states = self.encoder(input_ids=batch.input_ids, attention_mask=batch.attention_mask).last_hidden_state
        return torch.cat([self.votes(states), self.polarity(states)], dim=-1).float()


def pooled(outputs: torch.Tensor, owner: torch.Tensor, count: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Pool the `outputs` [own tokens, OUTPUTS] of a text into its `count` sentences: votes and polarity.

    What annotations.by_sentence does with arrays, in steps that can be learnt through.
    """
    votes, polarity = outputs[:, : DECISIVE + 1], outputs[:, DECISIVE + 1 :]
    wide = owner[:, None].expand_as(votes)
    largest = torch.full((count, votes.shape[1]), NONE).scatter_reduce(0, wide, votes.detach(), "amax")
    weights = torch.exp(votes - largest[owner])
    total = torch.zeros_like(largest).index_add(0, owner, weights)
    tokens = torch.bincount(owner, minlength=count).clamp(min=1).float()
    soft = largest + torch.log(total.clamp(min=1e-9)) - LENGTH * torch.log(tokens)[:, None]
    weighed = torch.zeros(count, len(ASPECTS)).index_add(0, owner, weights[:, :DECISIVE] * polarity)
    return soft, weighed / total[:, :DECISIVE].clamp(min=1e-9)
