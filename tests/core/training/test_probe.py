import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sentiment.core.training.probe import Linear, choose_probe, fit_probe, folds_of


def report(fraction: float, message: str) -> None:
    """Nobody watches."""


def test_a_linear_layer_alone_gives_what_standardising_first_would_have():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, 100)
    features = rng.normal(5, [1, 10, 0.1], (100, 3)) + labels[:, None]
    pipeline = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, tol=1e-8)).fit(features, labels)
    assert fit_probe(features, labels, 0.1).logits(features) == pytest.approx(
        pipeline.decision_function(features), abs=1e-4
    )


def test_few_labels_change_a_known_layer_little_and_many_change_it_much():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, 400)
    features = rng.normal(size=(400, 5))
    features[:, 0] += 4 * labels
    wrong = Linear(np.array([-1.0, 0, 0, 0, 0]), 2.0)
    few, many = (fit_probe(features[:n], labels[:n], 0.1, around=wrong) for n in (8, 400))
    assert few.weight[0] < 0 < many.weight[0]


def test_the_layer_that_knows_the_label_is_chosen():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, 100)
    features = rng.normal(size=(4, 100, 8))
    features[2, :, 3] += 3 * labels
    choice = choose_probe(features, labels, [folds_of(labels, [""] * 100, 5, seed) for seed in (0, 1)], report)
    assert choice.layer == 3
    assert ((choice.logits > 0) == labels).mean() > 0.8


def test_folds_keep_films_whole_and_use_every_text_once():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, 90)
    groups = [f"film {i % 12}" if i < 60 else "" for i in range(90)]
    folds = folds_of(labels, groups, 5, seed=0)
    assert sorted(np.concatenate([test for _, test in folds])) == list(range(90))
    for train_part, test_part in folds:
        assert not {groups[i] for i in train_part} & {groups[i] for i in test_part} - {""}
        assert set(train_part) | set(test_part) == set(range(90))
