import numpy as np
import pytest

from sentiment.core.corpus.data import DataError
from sentiment.core.measuring.memorisation import membership


def test_a_critic_that_is_surer_of_what_it_saw_gives_it_away():
    chance = np.random.default_rng(0)
    labels = chance.integers(0, 2, 300)
    sure = np.where(labels == 1, 0.99, 0.01) + chance.normal(0, 0.001, 300)
    doubtful = np.where(labels == 1, 0.7, 0.3) + chance.normal(0, 0.1, 300)
    assert membership(sure, labels.tolist(), doubtful, labels.tolist())["auc"] > 0.95


def test_a_critic_that_treats_all_alike_gives_nothing_away():
    chance = np.random.default_rng(0)
    labels = chance.integers(0, 2, 600)
    alike = np.clip(np.where(labels == 1, 0.7, 0.3) + chance.normal(0, 0.1, 600), 0, 1)
    found = membership(alike[:300], labels[:300].tolist(), alike[300:], labels[300:].tolist())
    assert found["auc_low"] < 0.5 < found["auc_high"]
    assert (found["seen"], found["unseen"]) == (300, 300)


def test_both_kinds_are_needed():
    with pytest.raises(DataError):
        membership(np.array([]), [], np.array([0.5]), [1])
