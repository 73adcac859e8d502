import pytest

from sentiment.core.labels import LABELS, verdict


def test_integer_labels_are_in_a_fixed_order():
    assert LABELS.index("negative") == 0
    assert LABELS.index("positive") == 1


@pytest.mark.parametrize(
    ("positive", "name"),
    [(0, "negative"), (0.399, "negative"), (0.4, "unsure"), (0.5, "unsure"), (0.6, "unsure"), (0.601, "positive")],
)
def test_a_verdict_is_unsure_from_40_to_60_percent(positive, name):
    assert verdict(positive) == name
