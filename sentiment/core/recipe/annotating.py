"""Trains annotators: a large one on what people found, a small one on what the large one finds as well."""

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import nn

from sentiment.core.critic.annotations import DECISIVE, NONE
from sentiment.core.critic.annotator import Annotator, pooled
from sentiment.core.critic.classifier import layers_of
from sentiment.core.progress import Progress
from sentiment.core.recipe.lessons import Lesson
from sentiment.core.training.finetuning import Tuning, descend

_cross_entropy = nn.functional.binary_cross_entropy_with_logits


def teach(
    annotator: Annotator, lessons: Sequence[Lesson], tuning: Tuning, report: Progress, resume: Path | None = None
) -> None:
    """Train `annotator` on lessons that were encoded by its own text encoder.

    The loss of a text is the sum of cross-entropies: of each sentence's votes, of the largest vote for each aspect
    against the review's, of the polarity of what is judged, and of which sentence is decisive.
    """
    annotator.encoder.requires_grad_(False)
    for layer in layers_of(annotator.encoder)[tuning.frozen :]:
        layer.requires_grad_(True)

    def loss(positions: list[int]) -> torch.Tensor:
        part = [lessons[i] for i in positions]
        batch = annotator.text_encoder.collate([lesson.encoded for lesson in part], annotator.device)
        outputs = annotator(batch)
        losses = [_loss(lesson, outputs[row][batch.own[row]]) for row, lesson in enumerate(part)]
        return torch.stack(losses).mean()

    of = b"".join(lesson.judges.tobytes() + lesson.decisive.tobytes() for lesson in lessons)
    descend(annotator, [lesson.encoded for lesson in lessons], loss, tuning, report, resume, of)
    annotator.eval()


def _loss(lesson: Lesson, outputs: torch.Tensor) -> torch.Tensor:
    owner = torch.from_numpy(lesson.owner)
    votes, polarity = pooled(outputs, owner, len(lesson.judges))
    read = torch.bincount(owner, minlength=len(votes)) > 0
    votes = votes.masked_fill(~read[:, None], NONE)
    judges, review = torch.from_numpy(lesson.judges), torch.from_numpy(lesson.review)
    said = ~judges.isnan() & read[:, None]
    largest, at = votes[:, :DECISIVE].max(dim=0)
    total = _cross_entropy(votes[:, :DECISIVE][said], judges[said], reduction="sum")
    total = total + _cross_entropy(largest, review, reduction="sum")
    favours, weight = torch.from_numpy(lesson.favours), torch.from_numpy(lesson.weight) * read[:, None]
    total = total + _cross_entropy(polarity, favours, weight, reduction="sum")
    review_favours = torch.from_numpy(lesson.review_favours)
    known = ~review_favours.isnan()
    strongest = polarity[at, torch.arange(DECISIVE)]
    total = total + _cross_entropy(strongest[known], review_favours[known], reduction="sum")
    return total - (torch.from_numpy(lesson.decisive) * torch.log_softmax(votes[:, DECISIVE], dim=0)).sum()
