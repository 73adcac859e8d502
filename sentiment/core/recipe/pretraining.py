"""Further pretraining: an encoder goes on guessing masked words, on the texts it will be asked about."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import torch
from torch import nn

from sentiment.core.corpus.data import DataError
from sentiment.core.critic.classifier import Critic
from sentiment.core.critic.encoding import MASKS, Batch
from sentiment.core.progress import Progress
from sentiment.core.training.finetuning import Tuning, descend

MASKED: Final = 0.2
SHOWN_AS_MASK: Final = 0.8
SHOWN_AS_OTHER: Final = 0.1
"""Of the masked tokens; the rest are shown as they are."""


class _Guesser(nn.Module):
    """The encoder with a head that turns the states at some places into logits of words; words share their vectors."""

    def __init__(self, critic: Critic) -> None:
        super().__init__()
        self.encoder = critic.encoder
        self.words: torch.Tensor = critic.encoder.get_input_embeddings().weight  # type: ignore[assignment]
        width = critic.head.in_features
        self.dense, self.norm = nn.Linear(width, width), nn.LayerNorm(width)
        self.bias = nn.Parameter(torch.zeros(len(self.words)))

    def forward(self, batch: Batch, places: torch.Tensor) -> torch.Tensor:
        states = self.encoder(input_ids=batch.input_ids, attention_mask=batch.attention_mask).last_hidden_state
        at = states.gather(1, places.unsqueeze(-1).expand(-1, -1, states.shape[-1]))
        return nn.functional.linear(self.norm(nn.functional.gelu(self.dense(at))), self.words, self.bias)


def pretrain(
    critic: Critic, texts: Sequence[str], tuning: Tuning, report: Progress, resume: Path | None = None
) -> None:
    """Train the whole encoder of `critic` on masked words of `texts`, joined and cut to its full length; no label.

    A fifth of the words of each piece are guessed. Sources: Devlin et al. 2019, arXiv:1810.04805; Gururangan et al.
    2020 ("Don't stop pretraining"), arXiv:2004.10964. The head stays as it was. Raises DataError for a base
    whose tokenizer has no mask, or texts that do not fill one piece.
    """
    mask_id, pieces = critic.text_encoder.mask_id, critic.text_encoder.pieces(texts)
    if mask_id is None:
        raise DataError(f"Base {critic.base.name!r} cannot guess words: its tokenizer has none of {', '.join(MASKS)}.")
    if not pieces:
        raise DataError(f"The texts do not fill one piece of {critic.text_encoder.max_tokens} tokens: give more.")
    count = max(1, round(MASKED * int(pieces[0].own.sum())))
    critic.encoder.requires_grad_(True)
    for name, parameter in critic.encoder.named_parameters():
        # Fused attention has no fast gradient for it, and distances mean the same in every text.
        parameter.requires_grad_("relative_attention_bias" not in name)
    with torch.random.fork_rng():
        torch.manual_seed(tuning.seed)
        guesser = _Guesser(critic).to(critic.device)

    def loss(positions: list[int]) -> torch.Tensor:
        batch = critic.text_encoder.collate([pieces[i] for i in positions], critic.device)
        shown, places, wanted = _masked(batch, count, mask_id, len(guesser.words))
        guesses = guesser(Batch(shown, batch.attention_mask, batch.own), places)
        return nn.functional.cross_entropy(guesses.float().flatten(0, 1), wanted.flatten())

    descend(guesser, pieces, loss, tuning, report, resume, b"pretrain")
    critic.eval()


def _masked(batch: Batch, count: int, mask_id: int, words: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return ids with `count` own tokens of each text hidden, where those are, and what they were, [texts, count]."""
    ids = batch.input_ids
    places = torch.rand(ids.shape, device=ids.device).masked_fill(~batch.own, -1).topk(count, dim=1).indices
    wanted = ids.gather(1, places)
    dice = torch.rand(places.shape, device=ids.device)
    other = torch.randint(words, places.shape, device=ids.device)
    hidden = torch.where(dice < SHOWN_AS_MASK + SHOWN_AS_OTHER, other, wanted).masked_fill(
        dice < SHOWN_AS_MASK, mask_id
    )
    return ids.scatter(1, places, hidden), places, wanted
