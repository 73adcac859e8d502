import json

import numpy as np
import pytest
from sklearn.metrics import brier_score_loss, f1_score

from sentiment.core.corpus.data import DataError
from sentiment.core.evaluation import Metrics, evaluate, should_promote, wilson_interval


def judged(right: int, n: int) -> Metrics:
    return evaluate([1.0] * right + [0.0] * (n - right), [1] * n)


def test_metrics_agree_with_scikit_learn():
    rng = np.random.default_rng(0)
    positive, labels = rng.random(300), rng.integers(0, 2, 300)
    metrics = evaluate(positive, labels.tolist())
    assert metrics["n"] == 300
    assert metrics["accuracy"] == pytest.approx(((positive > 0.5) == labels).mean())
    assert metrics["macro_f1"] == pytest.approx(f1_score(labels, positive > 0.5, average="macro"))
    assert metrics["brier"] == pytest.approx(brier_score_loss(labels, positive))


def test_metrics_of_one_label_only_are_defined():
    assert judged(4, 4)["macro_f1"] == pytest.approx(0.5)


def test_confusion_counts_by_label_then_prediction():
    metrics = evaluate([0.9, 0.2, 0.7, 0.6], [1, 1, 0, 0])
    assert metrics["confusion"] == {
        "negative": {"negative": 0, "positive": 2},
        "positive": {"negative": 1, "positive": 1},
    }


def test_calibration_error_is_the_gap_between_said_and_seen():
    assert evaluate([0.75] * 4, [1, 1, 1, 0])["ece"] == pytest.approx(0)
    assert evaluate([0.95] * 4, [1, 1, 0, 0])["ece"] == pytest.approx(0.45)
    assert evaluate([1.0, 0.0], [0, 1])["ece"] == pytest.approx(1)


def test_calibration_shows_what_was_said_beside_what_was_so():
    found = evaluate([0.05, 0.07, 0.62, 0.68, 1.0], [0, 1, 1, 1, 1])["calibration"]
    rounded = [(bin_["n"], round(bin_["predicted"], 2), bin_["positive"]) for bin_ in found]
    assert rounded == [(2, 0.06, 0.5), (2, 0.65, 1), (1, 1, 1)]


def test_metrics_are_json_safe():
    metrics = evaluate(np.array([0.2, 0.9], dtype=np.float32), [0, 1])
    assert json.loads(json.dumps(metrics)) == metrics


def test_nothing_to_judge_on_is_refused():
    with pytest.raises(DataError, match="no labelled texts"):
        evaluate([], [])


def test_wilson_interval_of_known_proportions():
    assert wilson_interval(85, 100) == pytest.approx((0.7672, 0.9069), abs=1e-4)
    assert wilson_interval(10, 10) == pytest.approx((0.7225, 1.0), abs=1e-4)
    assert wilson_interval(0, 0) == (0.0, 1.0)


@pytest.mark.parametrize(("right", "promoted"), [(95, True), (90, True), (88, True), (87, False), (10, False)])
def test_a_challenger_is_promoted_unless_more_than_two_points_worse(right, promoted):
    decision = should_promote(champion=judged(90, 100), challenger=judged(right, 100))
    assert decision.promote is promoted
    assert f"{right}.0%" in decision.reason


def test_the_first_version_is_promoted():
    assert should_promote(None, judged(60, 100)).promote


def test_versions_judged_on_different_texts_are_not_compared():
    decision = should_promote(champion=judged(50, 100), challenger=judged(50, 50))
    assert not decision.promote
    assert "judge both on the same" in decision.reason
