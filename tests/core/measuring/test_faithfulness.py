import json

import numpy as np
import pytest

from sentiment.core.corpus.data import DataError
from sentiment.core.critic.evidence import Sentence
from sentiment.core.critic.scorer import Prediction
from sentiment.core.measuring.faithfulness import METHODS, Case, in_markdown, report

WORDS = {"good": 1.0, "bad": -1.0, "awful": -2.0, "great": 2.0}
TEXTS = [
    "It was good. It was great. It was a film. It was bad.",
    "It was awful. The plot was dull and the cast was a film and it is not. It was good.",
    "It was great. It was a film. It was not moving and it was the film. It was bad.",
]


def test_a_text_loses_whole_sentences_and_keeps_the_rest_as_it_was():
    text = "  One. Two!\n\nThree?  "
    sentences = tuple(Sentence(start, end, 0.0, True) for start, end in ((2, 6), (7, 11), (13, 19)))
    prediction = Prediction(0.5, "critic", 0.5, 0.0, 0.0, sentences, (), (), np.zeros(0, np.float16))
    case = Case(text, prediction, np.zeros(3), np.zeros(3), np.zeros(3))
    assert case.without(set()) == text
    assert case.without({1}) == "  One. \n\nThree?  "
    assert case.without({0, 2}) == "   Two!\n\n  "


@pytest.fixture
def wordwise(scorer, monkeypatch):
    """A critic that looks at no context: each word says what WORDS says, the rest nothing."""
    from sentiment.core.critic.calibration import probability
    from sentiment.core.critic.evidence import sentence_shares
    from sentiment.core.text import sentence_spans

    def read(texts, *, everything):
        assert everything, "what is left of a text may be too little to judge"
        texts = list(texts)
        for text, encoded in zip(texts, scorer.critic.text_encoder.encode(texts), strict=True):
            says = np.array(
                [next((v for w, v in WORDS.items() if text[s:].startswith(w)), 0.0) for s in encoded.starts]
            )
            shares = says / max(len(says), 1)
            logit = float(shares.sum())
            sentences = sentence_shares(sentence_spans(text), encoded.starts, encoded.head, encoded.tail, shares)
            own = float(probability(logit, 1.0))
            yield Prediction(own, "critic", own, logit, 0.0, sentences, (), (), np.zeros(0, np.float16))

    monkeypatch.setattr(scorer, "read", read)
    return scorer


def test_without_context_the_effect_is_exactly_leaving_one_out(wordwise):
    found = report(wordwise, TEXTS)
    assert found["rank_agreement"]["effect"]["mean"] == pytest.approx(1)
    assert found["methods"]["effect"]["falls"][0] == found["methods"]["leave_one_out"]["falls"][0]


def test_nothing_falls_deeper_than_the_best_and_what_says_most_falls_deeper_than_the_longest(wordwise):
    methods = report(wordwise, TEXTS)["methods"]
    first = {name: methods[name]["falls"][0]["mean"] for name in METHODS}
    assert first["leave_one_out"] == max(first.values())
    assert first["share"] > max(0, first["longest"])


def test_only_texts_that_are_read_whole_and_have_three_sentences_count(scorer):
    short, long = "It was good. It was bad.", "It was good. " * 40
    found = report(scorer, [short, long, *TEXTS])
    assert (found["texts"], found["sentences"]) == (3, 11)
    assert report(scorer, TEXTS, count=2)["texts"] == 2
    with pytest.raises(DataError, match="read whole"):
        report(scorer, [short, long])


def test_the_same_seed_gives_the_same_report_and_it_can_be_written(scorer):
    found = report(scorer, TEXTS, seed=3)
    assert found == report(scorer, TEXTS, seed=3)
    json.dumps(found)
    assert in_markdown(found).count("|") > 30
    for method in found["methods"].values():
        assert all(fall["low"] <= fall["mean"] <= fall["high"] for fall in method["falls"])
