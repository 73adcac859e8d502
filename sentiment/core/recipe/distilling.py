"""Distils the verdicts of larger critics into a small one, on texts that nobody has labelled."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import torch
from torch import nn

from sentiment.core.critic.classifier import Critic
from sentiment.core.critic.encoding import Encoded
from sentiment.core.progress import Progress
from sentiment.core.recipe.teachers import Verdicts
from sentiment.core.training.finetuning import Tuning, descend, freeze

SHARES: Final = 0.01
"""The weight of shares beside verdicts in what is learnt: a share times the text's length is far larger than a loss."""


def distil(
    critic: Critic,
    encoded: Sequence[Encoded],
    verdicts: Verdicts,
    tuning: Tuning,
    report: Progress,
    resume: Path | None = None,
) -> None:
    """Train `critic` on what a teacher made of the same texts, cut alike into the same tokens.

    The loss is the cross-entropy against the teacher's probabilities (Hinton et al. 2015, arXiv:1503.02531), whose
    logits are taken as calibrated, and the squared error of each token's share of the logit. Raises ValueError where
    texts and verdicts do not match token by token.
    """
    if any(e.own.sum() != len(kept) for e, kept in zip(encoded, verdicts.contributions, strict=True)):
        raise ValueError("The teacher's verdicts are of other texts, or of texts cut in another way.")
    freeze(critic, tuning.frozen)
    critic.head.weight.requires_grad_(True)
    # Shares leave the bias out: one that moved would have to be made up for by all of them.
    critic.head.bias.requires_grad_(False)
    probabilities = torch.sigmoid(torch.from_numpy(verdicts.logits)).to(critic.device)

    def loss(positions: list[int]) -> torch.Tensor:
        batch = critic.text_encoder.collate([encoded[i] for i in positions], critic.device)
        output = critic(batch)
        total = nn.functional.binary_cross_entropy_with_logits(output.logits, probabilities[positions])
        wanted = torch.zeros(batch.own.shape)
        wanted[batch.own.cpu()] = torch.from_numpy(
            np.concatenate([verdicts.contributions[i] for i in positions]).astype(np.float32)
        )
        gap = (output.contributions - wanted.to(critic.device)) * batch.own.sum(dim=1, keepdim=True)
        return total + SHARES * (gap * batch.own).pow(2).sum() / batch.own.sum()

    descend(critic, encoded, loss, tuning, report, resume, verdicts.logits.tobytes())
    critic.eval()
