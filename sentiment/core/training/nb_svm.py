"""NB-SVM, the model that counts words: what every critic has to be better than."""

import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.svm import LinearSVC

from sentiment.core.corpus.data import DataError, Example, labels_of
from sentiment.core.critic.calibration import calibrated_loss, fit_temperature, probability
from sentiment.core.text import clean
from sentiment.core.training.probe import Fold, Ints, Linear, rounds_of_folds

FOLDS: Final = 5
COSTS: Final = (0.001, 0.01, 0.1, 1.0)
INTERPOLATIONS: Final = (0.1, 0.25, 0.5, 1.0)

_WORD = re.compile(r"\w+(?:'\w+)*|[^\w\s]")


class Answer(NamedTuple):
    """A model's probabilities of positive [n] for the texts it is judged on, and in words what it chose to be."""

    positive: npt.NDArray[np.floating]
    detail: str


def words(text: str) -> list[str]:
    """Return the words and punctuation marks of a text, in lower case."""
    return _WORD.findall(clean(text).text.lower())


def nb_svm(labelled: Sequence[Example], texts: Sequence[str], seed: int) -> Answer:
    """Judge `texts` by an SVM on log-count ratios of the words and pairs of words of `labelled`.

    Source: Wang and Manning 2012, "Baselines and Bigrams", ACL P12-2018. Its C and its interpolation with naive Bayes
    are chosen by cross-validation, by the log loss at the best temperature.
    """
    labels = _ints(labelled)
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


def repeated_folds(labelled: Sequence[Example], seed: int, repeats: int) -> list[list[Fold]]:
    """Split into folds `repeats` times, films kept whole where there are enough of them, else text by text."""
    labels = _ints(labelled)
    groups = [example.group for example in labelled]
    try:
        return rounds_of_folds(labels, groups, FOLDS, seed, repeats)
    except DataError:
        return rounds_of_folds(labels, [""] * len(labels), FOLDS, seed, repeats)


def _ints(labelled: Sequence[Example]) -> Ints:
    return np.asarray(labels_of(labelled), dtype=np.int64)
