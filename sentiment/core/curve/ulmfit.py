"""ULMFiT: a language model of reviews, tuned to be a classifier layer by layer. Needs fastai, and nothing else does.

Source: Howard and Ruder 2018, "Universal Language Model Fine-tuning for Text Classification", arXiv:1801.06146. Theirs
is pretrained on Wikipedia; this one is smaller, and pretrained on reviews that nobody labelled, once over. Its schedule
is fixed beforehand: nothing is chosen on labels, and its probabilities are left as they are.
"""

import math
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch

from sentiment.core.corpus.data import Example, labels_of
from sentiment.core.critic.devices import best_device, half_pays
from sentiment.core.extras import extra
from sentiment.core.files import whole_file
from sentiment.core.training.nb_svm import Answer, words

VOCABULARY: Final = 10_000
SIZES: Final = {"emb_sz": 200, "n_hid": 400, "n_layers": 3}
PARTS: Final = 40
RATE: Final = 5e-3
SEQUENCE: Final = 72
LM_ROWS: Final = 16
BATCH: Final = 16
JUDGED_BATCH: Final = 64

STAGES: Final = ((-1, 20, 2e-2), (-2, 20, 1e-2), (-3, 20, 5e-3), (0, 120, 2e-3))
"""Gradual unfreezing: down to which group of layers, for how many steps (rounded up to whole epochs), how fast."""
DISCRIMINATION: Final = 2.6
"""How many times as fast each group of layers learns as the one below it (the paper's factor)."""


def ulmfit(unlabelled: Sequence[str], work: Path) -> Callable[[Sequence[Example], Sequence[str], int], Answer]:
    """Pretrain a language model on `unlabelled`, once, kept in `work`; return what learns from labels and judges texts.

    An interrupted pretraining is taken up from the last of its PARTS. Raises ExperimentError where fastai is missing.
    """
    fastai = extra("fastai.text.all")
    frequencies = Counter(word for text in unlabelled for word in words(text))
    vocabulary = fastai.make_vocab(frequencies, min_freq=3, max_vocab=VOCABULARY)
    numbers = {word: number for number, word in enumerate(vocabulary)}
    first, unknown = numbers[fastai.BOS], numbers[fastai.UNK]

    def numbered(texts: Sequence[str]) -> list[Any]:
        return [fastai.TensorText([first, *(numbers.get(word, unknown) for word in words(text))]) for text in texts]

    pretrained = work / f"{_kept(PARTS)}.pth"
    if not pretrained.exists():
        _pretrain(fastai, numbered(unlabelled), vocabulary, work)

    def read(labelled: Sequence[Example], texts: Sequence[str], seed: int) -> Answer:
        fastai.set_seed(seed, reproducible=True)
        known = numbered([example.text for example in labelled])
        encoder = _tuned_encoder(fastai, known, vocabulary, pretrained)
        positive = _classify(fastai, known, labels_of(labelled), numbered(texts), vocabulary, encoder)
        return Answer(positive, f"pretrained on {len(unlabelled)} reviews")

    return read


def _pretrain(fastai: Any, texts: Sequence[Any], vocabulary: Sequence[str], work: Path) -> None:
    fastai.set_seed(0, reproducible=True)
    learner = _language_model(fastai, texts, vocabulary, drop=0.3, path=work)
    kept = {number for number in range(1, PARTS + 1) if (work / f"{_kept(number)}.pth").exists()}
    if done := max(kept, default=0):
        learner.load(_kept(done), with_opt=True)
    part = fastai.ShortEpochCallback(pct=1 / PARTS, short_valid=True)
    device = best_device()
    # What autocast has rounded it keeps until it ends: every step would go on reading the first step's weights.
    half = torch.autocast(device.type, torch.bfloat16, enabled=half_pays(device), cache_enabled=False)
    with learner.no_bar(), learner.no_logging(), half:
        for number in range(done + 1, PARTS + 1):
            # The rate rises for the first half and falls for the second, part by part.
            learner.fit(1, RATE * 2 * min(number, PARTS + 1 - number) / PARTS, cbs=part)
            with whole_file(work / f"{_kept(number)}.pth") as handle:
                learner.save(handle, with_opt=True)
            for old in kept - {number}:
                (work / f"{_kept(old)}.pth").unlink(missing_ok=True)
            kept = {number}


def _kept(number: int) -> str:
    # Of another number of parts it would be another pretraining, which must not be taken up.
    return f"{number}-of-{PARTS}"


def _tuned_encoder(fastai: Any, texts: Sequence[Any], vocabulary: Sequence[str], pretrained: Path) -> dict[str, Any]:
    """Tune the language model to the texts at hand: its top first, then all of it at discriminative rates."""
    learner = _language_model(fastai, texts, vocabulary, drop=1.0, path=pretrained.parent)
    learner.load(pretrained.stem, with_opt=False)
    with learner.no_bar(), learner.no_logging():
        learner.freeze()
        learner.fit_one_cycle(1, 5e-3)
        learner.unfreeze()
        learner.fit_one_cycle(2, _rates(1e-3))
    return learner.model[0].state_dict()


def _language_model(fastai: Any, texts: Sequence[Any], vocabulary: Sequence[str], drop: float, path: Path) -> Any:
    # The loader needs a row of text for every member of a batch, even of very few texts.
    rows = max(1, min(LM_ROWS, sum(map(len, texts)) // SEQUENCE))
    loader = fastai.LMDataLoader(texts, [len(text) for text in texts], bs=rows, seq_len=SEQUENCE, shuffle=True)
    empty = fastai.LMDataLoader(texts[:1], [len(texts[0])], bs=1, seq_len=SEQUENCE)
    loaders = fastai.DataLoaders(loader, empty)
    loaders.vocab = vocabulary
    config = {**fastai.awd_lstm_lm_config, **SIZES}
    return fastai.language_model_learner(
        loaders, fastai.AWD_LSTM, config, drop, pretrained=False, path=path, model_dir="."
    )


def _classify(
    fastai: Any,
    texts: Sequence[Any],
    labels: Sequence[int],
    judged: Sequence[Any],
    vocabulary: Sequence[str],
    encoder: dict[str, Any],
) -> np.ndarray:
    """Tune a classifier on the language model's encoder; return what it makes of the texts to be judged."""

    def loader(texts: Sequence[Any], labels: Sequence[int], batch: int, shuffle: bool) -> Any:
        pairs = [(text, fastai.TensorCategory(label)) for text, label in zip(texts, labels, strict=True)]
        lengths = [len(text) for text in texts]
        return fastai.SortedDL(
            pairs,
            res=lengths,
            bs=batch,
            shuffle=shuffle,
            before_batch=fastai.Pad_Chunk(seq_len=SEQUENCE),
            num_workers=0,
        )

    # fastai judges after every epoch, and nothing is chosen by that: one text keeps it short.
    one = loader(texts[:1], labels[:1], 1, shuffle=False)
    loaders = fastai.DataLoaders(loader(texts, labels, BATCH, shuffle=True), one)
    loaders.vocab = vocabulary
    learner = fastai.text_classifier_learner(
        loaders,
        fastai.AWD_LSTM,
        config=SIZES,
        pretrained=False,
        n_out=2,
        loss_func=fastai.CrossEntropyLossFlat(),
    )
    learner.model[0].module.load_state_dict(encoder)
    with learner.no_bar(), learner.no_logging():
        for group, steps, rate in STAGES:
            learner.freeze_to(group)
            learner.fit_one_cycle(math.ceil(steps / len(learner.dls.train)), _rates(rate))
        # The labels of what is judged are not known here: any will do.
        probabilities, _ = learner.get_preds(dl=loader(judged, [0] * len(judged), JUDGED_BATCH, shuffle=False))
    return probabilities[:, 1].numpy()


def _rates(rate: float) -> slice:
    return slice(rate / DISCRIMINATION**4, rate)
