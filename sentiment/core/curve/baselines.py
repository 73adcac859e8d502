"""Baselines of the learning curve: logistic regressions on features of texts that nobody tunes."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from sentiment.core.corpus.data import Example, labels_of
from sentiment.core.critic.bases import Base
from sentiment.core.critic.calibration import fit_temperature, probability
from sentiment.core.critic.classifier import Critic, load_encoder
from sentiment.core.critic.devices import best_device
from sentiment.core.critic.encoding import TextEncoder
from sentiment.core.extras import extra
from sentiment.core.files import whole_file
from sentiment.core.training.nb_svm import Answer, repeated_folds, words
from sentiment.core.training.probe import Ints, choose_probe, fit_probe, layer_features

Features = npt.NDArray[np.float32]

REPEATS: Final = 3
EVERY_TOKEN: Final = 1_000_000


def regression(
    labelled: Sequence[Example], texts: Sequence[str], features: Callable[[Sequence[str]], Features], seed: int
) -> Answer:
    """Judge `texts` by logistic regression on features [n, layers, width] of texts: train(method="probe") on any.

    Layer and C are chosen by cross-validation.
    """
    labels = np.asarray(labels_of(labelled), dtype=np.int64)
    known = np.moveaxis(features([example.text for example in labelled]), 1, 0)
    folds = repeated_folds(labelled, seed, REPEATS)
    choice = choose_probe(known, labels, folds, lambda _fraction, _message: None)
    probe = fit_probe(known[choice.layer - 1], labels, choice.strength)
    judged = probe.logits(features(texts)[:, choice.layer - 1])
    positive = probability(judged, fit_temperature(choice.logits, labels))
    return Answer(positive, f"layer={choice.layer} C={choice.strength:g}")


def layer_means(base: Base, max_tokens: int) -> Callable[[Sequence[str]], Features]:
    """Make features [n, layers, hidden] of texts: the mean over their tokens after each layer of a frozen encoder."""
    critic = Critic(base, max_tokens=max_tokens).to(best_device())

    def features(texts: Sequence[str]) -> Features:
        encoded = critic.text_encoder.encode(texts)
        return np.moveaxis(layer_features(critic, encoded, lambda _fraction, _message: None), 0, 1)

    return features


def embedding_means(base: Base) -> Callable[[Sequence[str]], Features]:
    """Make features [n, 1, width] of texts: the mean of the word vectors that a pretrained encoder starts from."""
    table = load_encoder(base, 1).get_input_embeddings().state_dict()["weight"].numpy()
    encoder = TextEncoder(base.folder, EVERY_TOKEN)
    return lambda texts: np.stack([_mean(table, e.ids[e.own]) for e in encoder.encode(texts)])


def word2vec_means(texts: Sequence[str], path: Path) -> Callable[[Sequence[str]], Features]:
    """Make features [n, 1, width] of texts: the mean of word vectors learnt from `texts`, once, and kept in `path`.

    Skip-gram with negative sampling, 300 wide (Mikolov et al. 2013, arXiv:1310.4546). Raises ExperimentError where
    gensim is not installed.
    """
    if not path.exists():
        _learn_vectors(texts, path)
    with np.load(path) as kept:
        table, rows = kept["vectors"], {word: row for row, word in enumerate(kept["words"].tolist())}

    def features(texts: Sequence[str]) -> Features:
        return np.stack([_mean(table, [rows[word] for word in words(text) if word in rows]) for text in texts])

    return features


def _learn_vectors(texts: Sequence[str], path: Path) -> None:
    sentences = [words(text) for text in texts]
    # One worker: with more, the order of updates and so the vectors would differ from run to run.
    settings = {"vector_size": 300, "window": 10, "sg": 1, "sample": 1e-4, "workers": 1, "seed": 0}
    learnt = extra("gensim.models").Word2Vec(sentences, **settings).wv
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as handle:
        np.savez(handle, words=np.array(learnt.index_to_key), vectors=learnt.vectors)


def _mean(table: Features, ids: Sequence[int] | Ints) -> Features:
    """Average rows of a table, [1, width]; of no rows it is zeros, as for a text without a known word."""
    return table[ids].mean(axis=0, keepdims=True) if len(ids) else np.zeros((1, table.shape[1]), np.float32)
