"""What the critic is compared with: NB-SVM, and logistic regressions on features of texts that nobody tunes."""

import os
import re
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.svm import LinearSVC

from sentiment.core.bases import Base
from sentiment.core.calibration import calibrated_loss, fit_temperature, probability
from sentiment.core.classifier import Critic, load_encoder
from sentiment.core.data import DataError, Example, labels_of
from sentiment.core.devices import best_device
from sentiment.core.encoding import TextEncoder
from sentiment.core.probe import Fold, Ints, Linear, choose_probe, fit_probe, layer_features, rounds_of_folds
from sentiment.core.text import clean

Features = npt.NDArray[np.float32]

FOLDS: Final = 5
REPEATS: Final = 3
COSTS: Final = (0.001, 0.01, 0.1, 1.0)
INTERPOLATIONS: Final = (0.1, 0.25, 0.5, 1.0)
EVERY_TOKEN: Final = 1_000_000

_WORD = re.compile(r"\w+(?:'\w+)*|[^\w\s]")


class ExperimentError(DataError):
    """An experiment that cannot run here. The message says what is missing."""


class Answer(NamedTuple):
    """What a model makes of the texts it is judged on: probabilities of positive [n], and what it chose to be."""

    positive: npt.NDArray[np.floating]
    detail: str


def extra(module: str) -> Any:
    """Import a module of the `experiments` extra. Raises ExperimentError where it is not installed."""
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        package = module.partition(".")[0]
        raise ExperimentError(f"This needs {package} ({error}): pip install -e '.[experiments]'") from error


def words(text: str) -> list[str]:
    """Return the words and punctuation marks of a text, in lower case."""
    return _WORD.findall(clean(text).text.lower())


def nb_svm(labelled: Sequence[Example], texts: Sequence[str], seed: int) -> Answer:
    """Judge `texts` by an SVM on log-count ratios of the words and pairs of words of `labelled`.

    Source: Wang and Manning 2012, "Baselines and Bigrams", ACL P12-2018. Its C and its interpolation with naive Bayes
    are chosen by cross-validation, by the log loss at the best temperature.
    """
    labels = _labels(labelled)
    vectorizer = CountVectorizer(
        tokenizer=words, lowercase=False, token_pattern=None, ngram_range=(1, 2), binary=True, dtype=np.float64
    )
    found = vectorizer.fit_transform([example.text for example in labelled])
    (folds,) = repeated_folds(labelled, seed, 1)
    logits = np.zeros((len(COSTS), len(INTERPOLATIONS), len(labels)))
    for i, cost in enumerate(COSTS):
        for train, test in folds:
            for j, linear in enumerate(_fit_nb_svms(found[train], labels[train], cost, seed)):
                logits[i, j, test] = linear.logits(found[test])
    # A margin is no logit: its unit is made that of its spread before a temperature is sought.
    units = logits.std(axis=2, keepdims=True)
    logits /= np.where(units > 0, units, 1)
    losses = [[calibrated_loss(each, labels) for each in of_cost] for of_cost in logits]
    i, j = (int(best) for best in np.unravel_index(np.argmin(losses), (len(COSTS), len(INTERPOLATIONS))))
    chosen = list(_fit_nb_svms(found, labels, COSTS[i], seed))[j]
    judged = chosen.logits(vectorizer.transform(texts)) / (units[i, j, 0] or 1)
    positive = probability(judged, fit_temperature(logits[i, j], labels))
    return Answer(positive, f"C={COSTS[i]:g} interpolation={INTERPOLATIONS[j]:g}")


def _fit_nb_svms(found: csr_matrix, labels: Ints, cost: float, seed: int) -> Iterator[Linear]:
    """Fit one SVM to what was found [n, terms] and yield its interpolations, each folded into one linear layer."""
    in_positive = 1 + np.asarray(found[labels == 1].sum(axis=0)).ravel()
    in_negative = 1 + np.asarray(found[labels == 0].sum(axis=0)).ravel()
    ratio = np.log(in_positive / in_positive.sum()) - np.log(in_negative / in_negative.sum())
    svm = LinearSVC(C=cost, max_iter=10_000, random_state=seed).fit(found.multiply(ratio).tocsr(), labels)
    weight, bias = svm.coef_[0], float(svm.intercept_[0])
    known = (in_positive + in_negative > 2).sum()
    for share in INTERPOLATIONS:
        yield Linear(ratio * ((1 - share) * np.abs(weight).sum() / known + share * weight), bias)


def regression(
    labelled: Sequence[Example], texts: Sequence[str], features: Callable[[Sequence[str]], Features], seed: int
) -> Answer:
    """Judge `texts` by logistic regression on features [n, layers, width] of texts: train(method="probe") on any.

    Layer and C are chosen by cross-validation.
    """
    labels = _labels(labelled)
    known = np.moveaxis(features([example.text for example in labelled]), 1, 0)
    folds = repeated_folds(labelled, seed, REPEATS)
    choice = choose_probe(known, labels, folds, lambda _fraction, _message: None)
    probe = fit_probe(known[choice.layer - 1], labels, choice.strength)
    judged = probe.logits(features(texts)[:, choice.layer - 1])
    positive = probability(judged, fit_temperature(choice.logits, labels))
    return Answer(positive, f"layer={choice.layer} C={choice.strength:g}")


def repeated_folds(labelled: Sequence[Example], seed: int, repeats: int) -> list[list[Fold]]:
    """Split into folds `repeats` times, films kept whole where there are enough of them, else text by text."""
    labels = _labels(labelled)
    groups = [example.group for example in labelled]
    try:
        return rounds_of_folds(labels, groups, FOLDS, seed, repeats)
    except DataError:
        return rounds_of_folds(labels, [""] * len(labels), FOLDS, seed, repeats)


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
    partial = path.with_suffix(f".{os.getpid()}.partial")
    with partial.open("wb") as handle:
        np.savez(handle, words=np.array(learnt.index_to_key), vectors=learnt.vectors)
    os.replace(partial, path)


def _mean(table: Features, ids: Sequence[int] | Ints) -> Features:
    """Average rows of a table, [1, width]; a text without a known word is in the middle of nowhere."""
    return table[ids].mean(axis=0, keepdims=True) if len(ids) else np.zeros((1, table.shape[1]), np.float32)


def _labels(labelled: Sequence[Example]) -> Ints:
    return np.asarray(labels_of(labelled), dtype=np.int64)
