import numpy as np
import pytest

from sentiment.core.critic.calibration import fit_temperature, probability


def test_overconfident_logits_are_cooled_to_the_truth():
    rng = np.random.default_rng(0)
    true_logits = rng.normal(0, 2, 20_000)
    labels = (rng.random(20_000) < probability(true_logits, 1.0)).astype(int)
    assert fit_temperature(3 * true_logits, labels) == pytest.approx(3, rel=0.05)
    assert fit_temperature(true_logits / 2, labels) == pytest.approx(0.5, rel=0.05)


def test_probabilities_stay_between_0_and_1_for_any_logit():
    assert probability(np.array([-1e6, 0.0, 1e6]), 0.5).tolist() == [0.0, 0.5, 1.0]
