"""Teaching a small critic to see in a text what a larger one sees, from texts that nobody has labelled."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn

from sentiment.core.classifier import Critic
from sentiment.core.encoding import Encoded
from sentiment.core.finetuning import Tuning, descend, freeze
from sentiment.core.progress import Progress
from sentiment.core.states import States


@dataclass(frozen=True, slots=True)
class Lesson:
    """What to learn from a teacher: the weights of the parts of the loss.

    `hidden`: mean squared error of a linear image of each token's state against the teacher's whitened state, and of
    their means over each text against the teacher's. `verdict`: cross-entropy against the teacher's probabilities.
    `shares`: squared error of each token's share of the logit. Sources: Hinton et al. 2015, arXiv:1503.02531; Jiao et
    al. 2020 (TinyBERT), arXiv:1909.10351.
    """

    hidden: float = 0.0
    verdict: float = 0.0
    shares: float = 0.0


class _Student(nn.Module):
    def __init__(self, critic: Critic, width: int) -> None:
        super().__init__()
        self.critic = critic
        self.image = nn.Linear(critic.head.in_features, width)


def distil(
    critic: Critic,
    encoded: Sequence[Encoded],
    states: States,
    lesson: Lesson,
    tuning: Tuning,
    report: Progress,
    resume: Path | None = None,
) -> None:
    """Train `critic` on what a teacher made of the same texts, cut alike into the same tokens.

    The teacher's logits are taken as calibrated. Raises ValueError where texts and states do not match token by token.
    """
    if any(e.own.sum() != len(kept) for e, kept in zip(encoded, states.contributions, strict=True)):
        raise ValueError("The teacher's states are of other texts, or of texts cut in another way.")
    freeze(critic, tuning.frozen)
    with torch.random.fork_rng():
        torch.manual_seed(tuning.seed)
        student = _Student(critic, states.hidden[0].shape[1]).to(critic.device)
    student.image.requires_grad_(lesson.hidden > 0)
    critic.head.weight.requires_grad_(lesson.verdict + lesson.shares > 0)
    # Shares leave the bias out: one that moved would have to be made up for by all of them.
    critic.head.bias.requires_grad_(False)
    probabilities = torch.sigmoid(torch.from_numpy(states.logits)).to(critic.device)
    spread = torch.from_numpy(_spread_of_means(states)).to(critic.device)

    def loss(positions: list[int]) -> torch.Tensor:
        batch = critic.text_encoder.collate([encoded[i] for i in positions], critic.device)
        hidden = critic.encoder(input_ids=batch.input_ids, attention_mask=batch.attention_mask).last_hidden_state
        total = torch.zeros((), device=critic.device)
        if lesson.hidden:
            wanted = _at(batch.own, [states.hidden[i] for i in positions])
            gap = (student.image(hidden) - wanted).float() * batch.own.unsqueeze(-1)
            counts = batch.own.sum(dim=1).clamp(min=1)
            means = gap.sum(dim=1) / counts.unsqueeze(-1) / spread
            total = total + lesson.hidden * (gap.pow(2).sum() / counts.sum() / gap.shape[-1] + means.pow(2).mean())
        if lesson.verdict or lesson.shares:
            output = critic.pool(hidden.float(), batch)
            cross_entropy = nn.functional.binary_cross_entropy_with_logits(output.logits, probabilities[positions])
            total = total + lesson.verdict * cross_entropy
            wanted = _at(batch.own, [states.contributions[i][:, None] for i in positions]).squeeze(-1)
            gap = (output.contributions - wanted) * batch.own.sum(dim=1, keepdim=True)
            total = total + lesson.shares * (gap * batch.own).pow(2).sum() / batch.own.sum()
        return total

    of = repr(lesson).encode() + states.logits.tobytes()
    descend(student, encoded, loss, tuning, report, resume, of)
    critic.eval()


def _at(own: torch.Tensor, rows: Sequence[np.ndarray]) -> torch.Tensor:
    """Lay the texts' rows [own tokens, width] out where the batch has those tokens: [texts, tokens, width]."""
    laid = torch.zeros(*own.shape, rows[0].shape[1], device=own.device)
    laid[own] = torch.from_numpy(np.concatenate(rows).astype(np.float32)).to(own.device)
    return laid


def _spread_of_means(states: States, sample: int = 500) -> np.ndarray:
    """The standard deviation [width] of texts' mean states: means vary far less than tokens do."""
    means = np.stack([np.asarray(kept, np.float32).mean(axis=0) for kept in states.hidden[:sample] if len(kept)])
    return means.std(axis=0).clip(min=1e-3).astype(np.float32)
