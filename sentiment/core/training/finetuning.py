"""Trains by gradient descent: AdamW, warm-up and decay, random batches of texts of like length. Resumable."""

import functools
import hashlib
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import torch
from torch import nn

from sentiment.core.critic.classifier import Critic, layers_of
from sentiment.core.critic.devices import half_pays
from sentiment.core.critic.encoding import Encoded
from sentiment.core.files import whole_file
from sentiment.core.progress import Progress

WINDOW: Final = 8
SAVE_SECONDS: Final = 300


@dataclass(frozen=True, slots=True)
class Tuning:
    """The hyperparameters of gradient descent. The embeddings and the first `frozen` layers stay as they are.

    What is no part of the encoder learns `heads` times as fast.
    """

    learning_rate: float = 3e-5
    heads: float = 1.0
    epochs: int = 4
    batch_size: int = 16
    warm_up: float = 0.1
    weight_decay: float = 0.01
    gradient_norm: float = 1.0
    frozen: int = 0
    dropout: bool = True
    seed: int = 0


def freeze(critic: Critic, layers: int) -> None:
    """Keep everything before layer `layers + 1` as it is, and everything from there on trainable."""
    critic.encoder.requires_grad_(False)
    for layer in layers_of(critic.encoder)[layers:]:
        layer.requires_grad_(True)


def tune(
    critic: Critic,
    encoded: Sequence[Encoded],
    targets: torch.Tensor,
    tuning: Tuning,
    report: Progress,
    resume: Path | None = None,
) -> None:
    """Train `critic` towards probabilities of positive `targets` [n] (labels are 0 and 1) by cross-entropy."""
    freeze(critic, tuning.frozen)
    targets = targets.float().to(critic.device)

    def loss(positions: list[int]) -> torch.Tensor:
        batch = critic.text_encoder.collate([encoded[i] for i in positions], critic.device)
        return nn.functional.binary_cross_entropy_with_logits(critic(batch).logits, targets[positions])

    of = targets.cpu().numpy().tobytes()
    descend(critic, encoded, loss, tuning, report, resume, of)
    critic.eval()


def descend(
    module: nn.Module,
    texts: Sequence[Encoded],
    loss: Callable[[list[int]], torch.Tensor],
    tuning: Tuning,
    report: Progress,
    resume: Path | None = None,
    of: bytes = b"",
) -> None:
    """Minimise `loss`, which is asked for batches of positions of `texts`, over what is trainable.

    With `resume`, what has been done is kept in that file every five minutes and at the end, and taken up from there:
    only by the same lesson, from the same start, on the same texts, with the same targets (`of` stands for them). The
    same seed gives the same steps, interrupted or not.
    """
    trained = [parameter for parameter in module.parameters() if parameter.requires_grad]
    lengths = [len(each.ids) for each in texts]
    batches = [batch for epoch in range(tuning.epochs) for batch in _batches(lengths, tuning, epoch)]
    lesson = _identity(module, texts, tuning, of) if resume else ""
    optimizer = _optimizer(module, tuning)
    warm_up = max(1, round(len(batches) * tuning.warm_up))
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min((step + 1) / warm_up, (len(batches) - step) / max(1, len(batches) - warm_up))
    )
    done = _restore(resume, lesson, module, optimizer, schedule)
    saved = time.monotonic()
    device = next(module.parameters()).device
    # Threads that share a product wait for each other, and far longer where something else is running: each reads
    # a part of the batch by itself. Dropout draws from one generator, so that its texts stay together.
    streams = torch.get_num_threads() if device.type == "cpu" and not tuning.dropout else 1

    def gradients(part: list[int], of: int) -> tuple[torch.Tensor | None, ...]:
        # The cache of casts is shared by threads, whose graphs must not meet in it.
        with torch.autocast(device.type, torch.bfloat16, enabled=half_pays(device), cache_enabled=streams == 1):
            value = loss(part) * (len(part) / of)
        return torch.autograd.grad(value, trained, allow_unused=True)

    with torch.random.fork_rng(), _torch_threads(1 if streams > 1 else None), ThreadPoolExecutor(streams) as pool:
        module.train(tuning.dropout)
        for step in range(done, len(batches)):
            # Seeded by step, so that dropout is the same for one who resumes here.
            torch.manual_seed(tuning.seed * 1_000_003 + step)
            batch = batches[step]
            parts = [batch[i::streams] for i in range(min(streams, len(batch)))]
            found = list(pool.map(functools.partial(gradients, of=len(batch)), parts))
            for parameter, *of_parts in zip(trained, *found, strict=True):
                parameter.grad = _sum(of_parts)
            nn.utils.clip_grad_norm_(trained, tuning.gradient_norm)
            optimizer.step()
            schedule.step()
            report((step + 1) / len(batches), f"fine-tuning, step {step + 1} of {len(batches)}")
            if resume and time.monotonic() - saved > SAVE_SECONDS:
                _keep(resume, lesson, module, optimizer, schedule, step + 1)
                saved = time.monotonic()
    if resume and done < len(batches):
        _keep(resume, lesson, module, optimizer, schedule, len(batches))


def _sum(parts: Sequence[torch.Tensor | None]) -> torch.Tensor | None:
    used = [part for part in parts if part is not None]
    return functools.reduce(torch.Tensor.add_, used) if used else None


@contextmanager
def _torch_threads(count: int | None) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(count or before)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _batches(lengths: Sequence[int], tuning: Tuning, epoch: int) -> Iterator[list[int]]:
    """Deal texts into random batches of like length: without that, half of what is computed is padding."""
    generator = torch.Generator().manual_seed(tuning.seed * 1_000_003 + epoch)
    sizes = torch.tensor(lengths)
    windows = torch.split(torch.randperm(len(sizes), generator=generator), WINDOW * tuning.batch_size)
    batches = [b for window in windows for b in torch.split(window[sizes[window].argsort()], tuning.batch_size)]
    for i in torch.randperm(len(batches), generator=generator):
        yield batches[i].tolist()


def _optimizer(module: nn.Module, tuning: Tuning) -> torch.optim.AdamW:
    groups: dict[tuple[float, float], list[nn.Parameter]] = {}
    for name, parameter in module.named_parameters():
        if parameter.requires_grad:
            rate = tuning.learning_rate * (1.0 if name.startswith("encoder.") else tuning.heads)
            # Vectors are biases and layer norms; decaying those only hurts.
            decay = tuning.weight_decay if parameter.ndim > 1 else 0.0
            groups.setdefault((rate, decay), []).append(parameter)
    return torch.optim.AdamW(
        [{"params": of, "lr": rate, "weight_decay": decay} for (rate, decay), of in groups.items()]
    )


def _identity(module: nn.Module, texts: Sequence[Encoded], tuning: Tuning, of: bytes) -> str:
    found = hashlib.sha256(repr((tuning, [len(each.ids) for each in texts])).encode())
    for each in texts:
        found.update(each.ids.tobytes())
    found.update(of)
    for name, tensor in module.state_dict().items():
        found.update(name.encode())
        found.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return found.hexdigest()


def _restore(path: Path | None, lesson: str, module: nn.Module, optimizer: Any, schedule: Any) -> int:
    if path is None or not path.is_file():
        return 0
    kept = torch.load(path, map_location="cpu", weights_only=True)
    if kept.get("lesson") != lesson:
        return 0
    module.load_state_dict(kept["module"])
    optimizer.load_state_dict(kept["optimizer"])
    schedule.load_state_dict(kept["schedule"])
    return int(kept["done"])


def _keep(path: Path, lesson: str, module: nn.Module, optimizer: Any, schedule: Any, done: int) -> None:
    state = {
        "lesson": lesson,
        "module": module.state_dict(),
        "optimizer": optimizer.state_dict(),
        "schedule": schedule.state_dict(),
        "done": done,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as handle:
        torch.save(state, handle)
