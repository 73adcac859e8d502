"""Distils a large encoder's states into a small one, on texts that nobody has labelled."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import torch
from torch import nn

from sentiment.core.critic.classifier import Critic
from sentiment.core.critic.encoding import Batch, Encoded, length_sorted_batches, token_budget
from sentiment.core.progress import Progress
from sentiment.core.training.finetuning import Tuning, descend, freeze

WIDTH: Final = 256
SAMPLE: Final = 500
"""From so many texts the directions are found in which the large encoder's states vary."""


@dataclass(frozen=True, slots=True)
class Basis:
    """A teacher's leading directions: (states - mean) @ directions has unit variance along each. [hidden, width].

    `spread` [width] is the standard deviation of texts' means along each: means vary far less than tokens do.
    """

    mean: torch.Tensor
    directions: torch.Tensor
    spread: torch.Tensor

    @classmethod
    def of(cls, teacher: Critic, encoded: Sequence[Encoded]) -> Self:
        """Find the directions of most variance in the states of texts, scaled to unit variance (PCA whitening)."""
        states: list[torch.Tensor] = []
        for positions in length_sorted_batches(encoded, token_budget(teacher.device)):
            batch = teacher.text_encoder.collate([encoded[i] for i in positions], teacher.device)
            seen = _states(teacher, batch)
            states += [of_text[own] for of_text, own in zip(seen, batch.own, strict=True)]
        tokens = torch.cat(states)
        mean = tokens.mean(dim=0)
        variances, vectors = torch.linalg.eigh(torch.cov((tokens - mean).T))
        leading = variances.argsort(descending=True)[:WIDTH]
        directions = vectors[:, leading] / variances[leading].clamp(min=1e-12).sqrt()
        means = torch.stack([(of_text.mean(dim=0) - mean) @ directions for of_text in states if len(of_text)])
        return cls(mean, directions, means.std(dim=0).clamp(min=1e-3))


def _states(teacher: Critic, batch: Batch) -> torch.Tensor:
    with torch.no_grad():
        return teacher.encoder(input_ids=batch.input_ids, attention_mask=batch.attention_mask)[0].float()


class _Student(nn.Module):
    """A small encoder, and the linear image of its states that is compared with the large one's."""

    def __init__(self, critic: Critic, width: int) -> None:
        super().__init__()
        self.encoder = critic.encoder
        self.image = nn.Linear(critic.head.in_features, width)


def adapt(
    teacher: Critic,
    student: Critic,
    encoded: Sequence[tuple[Encoded, Encoded]],
    tuning: Tuning,
    report: Progress,
    resume: Path | None = None,
) -> None:
    """Train the layers of `student` so that its last states predict the teacher's; the head is left as it is.

    `encoded` are the texts as teacher and student read them, alike token by token. The loss is the mean squared error
    of a linear image of each token's state against the teacher's whitened state, and of their means over each text
    against the teacher's (after Jiao et al. 2020, "TinyBERT", arXiv:1909.10351).
    """
    read_by_teacher, read_by_student = zip(*encoded, strict=True)
    basis = Basis.of(teacher, read_by_teacher[:SAMPLE])
    freeze(student, tuning.frozen)
    with torch.random.fork_rng():
        torch.manual_seed(tuning.seed)
        module = _Student(student, basis.directions.shape[1]).to(student.device)

    def loss(positions: list[int]) -> torch.Tensor:
        batch = student.text_encoder.collate([read_by_student[i] for i in positions], student.device)
        same = teacher.text_encoder.collate([read_by_teacher[i] for i in positions], student.device)
        hidden = module.encoder(input_ids=batch.input_ids, attention_mask=batch.attention_mask)[0]
        seen = _states(teacher, same) - basis.mean
        with torch.autocast(student.device.type, enabled=False):
            gap = (module.image(hidden.float()) - seen @ basis.directions) * batch.own.unsqueeze(-1)
        counts = batch.own.sum(dim=1).clamp(min=1)
        means = gap.sum(dim=1) / counts.unsqueeze(-1) / basis.spread
        return gap.pow(2).sum() / counts.sum() / gap.shape[-1] + means.pow(2).mean()

    descend(module, read_by_student, loss, tuning, report, resume, basis.directions.cpu().numpy().tobytes())
    student.eval()
