"""The steps that make the shipped critic, each a command that can be interrupted."""

from collections.abc import Sequence
from copy import deepcopy
from pathlib import Path
from random import Random
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from sklearn.linear_model import Ridge

from sentiment.core.corpus.aclimdb import read_aclimdb
from sentiment.core.corpus.data import DataError, identity_of, imdb_split, read_examples, shuffled, write_examples
from sentiment.core.critic.calibration import fit_temperature, probability
from sentiment.core.critic.classifier import Critic
from sentiment.core.critic.devices import best_device
from sentiment.core.critic.encoding import Encoded
from sentiment.core.progress import Progress, part_of
from sentiment.core.recipe import adapting, pretraining
from sentiment.core.recipe.distilling import distil
from sentiment.core.recipe.teachers import SHARD, Verdicts, folder_of, keep_verdicts, mean_of
from sentiment.core.text import sentence_spans
from sentiment.core.training.finetuning import Tuning
from sentiment.core.training.probe import layer_features
from sentiment.core.training.train import logits_of

STUDENT_LAYERS: Final = 5
TEACHER_LAYERS: Final = 8
"""Of mpnet, where frozen features tell sentiment best (by cross-validation on 500 labels)."""
FOR_CALIBRATION: Final = SHARD
FOR_HEAD: Final = 4 * SHARD
LONGEST_PASSAGE: Final = 3
"""In sentences."""


def split(archive: Path, output: Path, seed: int) -> str:
    """Write aclImdb's train part with a split named for every review; return the identity of what is held out.

    The order of the archive's files decides what is held out, so that a folder, which has none, is refused.
    """
    if archive.is_dir():
        raise DataError(f"{archive} is a folder: give the archive, whose order of files decides what is held out.")
    examples = [example for example in read_aclimdb(archive) if example.identity.startswith("train/")]
    named = imdb_split(examples, seed)
    write_examples(output, named)
    return identity_of(example for example in named if example.split == "heldout")


def transfer_texts(data: Path, count: int, seed: int, skip: int = 0, passages: int = 0) -> list[str]:
    """Draw texts to learn from without their labels; a larger draw of the same seed begins with the smaller one.

    `skip` leaves out as many that another lesson has used. From `passages` reviews more, one to three sentences each
    are taken: who has only read whole reviews misreads short ones. They stand before the texts that are kept out for
    calibration, which are whole. Raises DataError where there are not so many.
    """
    texts = [e.text for e in read_examples(data) if e.split in ("seed", "train", "unlabelled")]
    asked = skip + count + passages
    if len(texts) < asked:
        raise DataError(f"{data} has {len(texts)} texts that are not held out; {asked} were asked for.")
    drawn = shuffled(texts, seed)[skip:asked]
    random = Random(seed)  # noqa: S311
    short = [_passage(text, random) for text in drawn[count:]]
    return [*drawn[: count - FOR_CALIBRATION], *short, *drawn[count - FOR_CALIBRATION : count]]


def _passage(text: str, random: Random) -> str:
    spans = sentence_spans(text)
    length = min(random.randint(1, LONGEST_PASSAGE), len(spans))
    first = random.randint(0, len(spans) - length)
    return text[spans[first][0] : spans[first + length - 1][1]]


def pretrain(critic: Critic, texts: Sequence[str], work: Path, tuning: Tuning, report: Progress) -> None:
    """Let the encoder go on guessing masked words of texts. No label is used; the head stays empty."""
    pretraining.pretrain(critic.to(best_device()), texts, tuning, report, work / "pretrain.pt")
    critic.cpu()


def adapt(teacher: Critic, student: Critic, texts: Sequence[str], work: Path, tuning: Tuning, report: Progress) -> None:
    """Distil a large encoder's states into a small one on texts. No label is used; the head stays empty."""
    taught, encoded = _as_read([teacher, student], texts)
    pairs = list(zip(taught, encoded, strict=True))
    for critic in (teacher, student):
        critic.to(best_device())
    adapting.adapt(teacher, student, pairs, tuning, report, work / "adapt.pt")
    student.cpu()


def learn_from(
    teachers: Sequence[Critic],
    student: Critic,
    texts: Sequence[str],
    work: Path,
    tuning: Tuning,
    report: Progress,
    halfway: bool = False,
) -> None:
    """Teach `student` the mean of the teachers' calibrated verdicts and shares, on texts without their labels.

    Its bias is theirs, or verdicts and shares would contradict each other. A head that has learnt nothing starts from
    least squares against their logits, so that the first steps spoil nothing. Its temperature comes from the last
    texts, which are kept out of all that. With `halfway`, its weights end as the mean of what they were and what they
    became: a second lesson then takes less of the first away (Wortsman et al. 2022, arXiv:2109.01903).
    """
    *taught, encoded = _as_read([*teachers, student], texts)
    read = []
    for i, (teacher, texts_of) in enumerate(zip(teachers, taught, strict=True)):
        folder = folder_of(teacher, work)
        share = part_of(report, 0.5 * i / len(teachers), 0.5 * (i + 1) / len(teachers))
        keep_verdicts(teacher.to(best_device()), texts_of, folder, share)
        read.append(Verdicts.load(folder, texts_of).calibrated(teacher.temperature))
        teacher.cpu()
    verdicts = mean_of(read)
    learnt, kept_out = verdicts.part(slice(0, -FOR_CALIBRATION)), verdicts.part(slice(-FOR_CALIBRATION, None))
    to_learn, to_calibrate = encoded[:-FOR_CALIBRATION], encoded[-FOR_CALIBRATION:]
    student.to(best_device())
    bias = float(np.mean([teacher.bias / teacher.temperature for teacher in teachers]))
    if not student.head.weight.any():
        _fit_head(student, to_learn[:FOR_HEAD], learnt.logits[:FOR_HEAD], bias)
    with torch.no_grad():
        student.head.bias.fill_(bias)
    before = deepcopy(student.state_dict())
    distil(student, to_learn, learnt, tuning, part_of(report, 0.5, 1), work / "distil.pt")
    if halfway:
        student.load_state_dict({name: (before[name] + now) / 2 for name, now in student.state_dict().items()})
    student.temperature = fit_temperature(logits_of(student, to_calibrate), probability(kept_out.logits, 1.0))
    student.cpu()


def _as_read(critics: Sequence[Critic], texts: Sequence[str]) -> list[list[Encoded]]:
    """Return the texts as each of them reads them.

    Raises DataError where they do not cut them alike, which must be seen before hours of reading.
    """
    # Critics of one base read alike, and tokenising takes longer than many a GPU's reading.
    read: dict[tuple[str, int, float], list[Encoded]] = {}
    for critic in critics:
        encoder = critic.text_encoder
        way = critic.base.sha256, encoder.max_tokens, encoder.head_share
        if way not in read:
            read[way] = encoder.encode(texts)
    encoded = [*read.values()]
    for one, *others in zip(*encoded, strict=True):
        if any(not (np.array_equal(one.own, e.own) and np.array_equal(one.starts, e.starts)) for e in others):
            raise DataError("Teachers and student cut texts into other tokens: give all the same words and length.")
    return [read[c.base.sha256, c.text_encoder.max_tokens, c.text_encoder.head_share] for c in critics]


def _fit_head(student: Critic, encoded: Sequence[Encoded], logits: npt.NDArray[np.floating], bias: float) -> None:
    features = layer_features(student, encoded, lambda _fraction, _message: None)[-1]
    fitted = Ridge(alpha=1.0, fit_intercept=False).fit(features, logits[: len(encoded)] - bias)
    with torch.no_grad():
        student.head.weight.copy_(torch.from_numpy(fitted.coef_).float().unsqueeze(0))
