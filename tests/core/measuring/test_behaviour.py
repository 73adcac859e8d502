import json

import numpy as np
import pytest

from sentiment.core.critic.scorer import Prediction
from sentiment.core.labels import LABELS
from sentiment.core.measuring.behaviour import FILLER, Case, in_markdown, report, suite

KINDS = {
    *("negation", "sarcasm", "mixed", "other_film", "plot_only"),
    *("emoji", "very_short", "very_long", "html", "languages"),
    *("english_of_foreign_films", "nothing_to_read", "ratings", "short_without_judgement"),
    "turns_of_phrase",
}


class Says:
    """A scorer that gives each text the probability it is told to."""

    def __init__(self, positive: dict[str, float | None]) -> None:
        self.positive = positive

    def predict(self, texts: list[str]) -> list[Prediction]:
        nothing = np.zeros(0, np.float16)
        return [Prediction(self.positive[text], "critic", 0.5, 0.0, 0.0, (), (), (), nothing) for text in texts]


def test_every_kind_has_a_few_cases_and_each_case_one_expectation():
    counts = {kind: sum(case.kind == kind for case in suite()) for kind in KINDS}
    assert {case.kind for case in suite()} == KINDS
    assert min(counts.values()) >= 4
    for case in suite():
        labelled = case.label in (*LABELS, "open", "any", "unread")
        assert labelled + (case.same is not None) + (case.below is not None) == 1
        assert case.text not in (case.same, case.below)


def test_very_long_texts_are_longer_than_any_critic_reads_at_once():
    for case in suite():
        if case.kind == "very_long":
            assert len(case.text.split()) > 512
            assert FILLER in case.text


@pytest.mark.parametrize(
    ("case", "positive", "expected"),
    [
        (Case("k", "a", label="positive"), {"a": 0.6}, True),
        (Case("k", "a", label="positive"), {"a": 0.4}, False),
        (Case("k", "a", label="negative"), {"a": 0.4}, True),
        (Case("k", "a", label="open"), {"a": 0.4}, True),
        (Case("k", "a", label="open"), {"a": 0.99}, False),
        (Case("k", "a", label="any"), {"a": 0.99}, True),
        (Case("k", "a", label="any"), {"a": None}, False),
        (Case("k", "a", label="unread"), {"a": None}, True),
        (Case("k", "a", label="unread"), {"a": 0.5}, False),
        (Case("k", "a", same="b"), {"a": 0.9, "b": None}, False),
        (Case("k", "a", below="b"), {"a": 0.9, "b": None}, False),
        (Case("k", "a", same="b"), {"a": 0.9, "b": 0.91}, True),
        (Case("k", "a", same="b"), {"a": 0.9, "b": 0.8}, False),
        (Case("k", "a", below="b"), {"a": 0.6, "b": 0.7}, True),
        (Case("k", "a", below="b"), {"a": 0.7, "b": 0.7}, False),
    ],
)
def test_an_expectation_is_met_or_not(case, positive, expected):
    found = report(Says(positive), [case])
    assert (found["n"], found["as_expected"]) == (1, int(expected))
    assert found["kinds"]["k"]["failed"] == ([] if expected else ["a"])


def test_the_counts_add_up_and_the_failures_are_named(scorer):
    found = report(scorer)
    kinds = found["kinds"].values()
    assert found["n"] == len(suite()) == sum(kind["n"] for kind in kinds)
    assert found["as_expected"] == sum(kind["as_expected"] for kind in kinds)
    assert all(kind["n"] - kind["as_expected"] == len(kind["failed"]) for kind in kinds)
    assert max(len(text) for kind in kinds for text in kind["failed"]) < 300
    json.dumps(found)
    assert in_markdown(found).count("\n") == 3 + len(KINDS)


def test_what_says_the_same_is_read_the_same_by_any_critic(scorer):
    """Markup is undone before reading, so even a critic that knows nothing passes."""
    assert report(scorer)["kinds"]["html"]["failed"] == []
