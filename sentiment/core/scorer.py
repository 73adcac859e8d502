"""Reading reviews: texts in, verdicts with their evidence out."""

from collections.abc import Sequence
from dataclasses import dataclass
from os import PathLike
from typing import Self

import torch

from sentiment.core import checkpoints
from sentiment.core.calibration import probability
from sentiment.core.classifier import Critic
from sentiment.core.encoding import length_sorted_batches, token_budget
from sentiment.core.evidence import Sentence, sentence_shares
from sentiment.core.text import sentence_spans


@dataclass(frozen=True, slots=True)
class Prediction:
    """A verdict: the probability of positive, its logit (before temperature), and logit = bias + Σ sentence shares."""

    positive: float
    logit: float
    bias: float
    sentences: tuple[Sentence, ...]


class Scorer:
    """A critic ready to read, in fp32 on a CPU and with its encoder in bf16 on a GPU.

    The same text gets the same verdict in any company: within 1e-4 in fp32, within 1e-2 in bf16.
    """

    def __init__(self, critic: Critic, device: str | torch.device | None = None) -> None:
        """Move `critic` to `device` (a GPU where there is one) for reading only."""
        self.device = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
        self.critic = critic.to(self.device).eval()
        if self.device.type == "cuda":
            self.critic.encoder.to(torch.bfloat16)

    @classmethod
    def load(cls, path: str | PathLike[str], device: str | torch.device | None = None) -> Self:
        """Load and verify a checkpoint. Raises CheckpointError."""
        return cls(checkpoints.load(path), device)

    def warm(self) -> None:
        """Pay now for what the first reading costs extra."""
        self.predict(["Warm."])

    def predict(self, texts: Sequence[str]) -> list[Prediction]:
        """Read any texts, long, broken and empty ones too; predictions come in the order of the texts."""
        encoded = self.critic.text_encoder.encode(texts)
        predictions: dict[int, Prediction] = {}
        bias = self.critic.bias
        for positions in length_sorted_batches(encoded, token_budget(self.device)):
            batch = self.critic.text_encoder.collate([encoded[i] for i in positions], self.device)
            with torch.inference_mode():
                logits, contributions = (tensor.cpu().numpy() for tensor in self.critic(batch))
            positive = probability(logits, self.critic.temperature)
            for row, i in enumerate(positions):
                text = encoded[i]
                own = contributions[row, : len(text.ids)][text.own]
                shares = sentence_shares(sentence_spans(texts[i]), text.starts, text.head, text.tail, own)
                predictions[i] = Prediction(float(positive[row]), float(logits[row]), bias, shares)
        return [predictions[i] for i in range(len(texts))]
