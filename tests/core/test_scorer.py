import math
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sentiment.core.scorer import Prediction

LONG = "The film was good. " + "It is not bad. " * 40 + "The ending was awful!"
ODD = [
    "",
    " \n ",
    "\x00",
    "😀😀 good",
    "\ud83d broken",
    "نص عربي. فيلم جيد",
    "\u202egood\u202c",
    "\x1b[31mbad\x07",
    "a" * 5000,
    "&#0;<br>",
]


def assert_same(one: Prediction, other: Prediction) -> None:
    assert one.positive == pytest.approx(other.positive, abs=1e-4)
    assert one.logit == pytest.approx(other.logit, abs=1e-4)
    assert [(s.start, s.end, s.read) for s in one.sentences] == [(s.start, s.end, s.read) for s in other.sentences]
    assert [s.share for s in one.sentences] == pytest.approx([s.share for s in other.sentences], abs=1e-4)


def assert_adds_up(prediction: Prediction) -> None:
    assert prediction.bias + sum(s.share for s in prediction.sentences) == pytest.approx(prediction.logit, abs=1e-4)


@given(st.lists(st.one_of(st.text(), st.sampled_from(["Good. ", "the film was bad! ", "\n\n", LONG]))).map("".join))
@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_bias_and_sentence_shares_add_up_to_the_logit(scorer, text):
    (prediction,) = scorer.predict([text])
    assert_adds_up(prediction)
    assert prediction.positive == pytest.approx(1 / (1 + math.exp(-prediction.logit / 1.5)), abs=1e-6)


def test_shares_are_not_all_the_same_sentence(scorer):
    (prediction,) = scorer.predict(["The film was good. The plot was awful and dull."])
    shares = [sentence.share for sentence in prediction.sentences]
    assert len(shares) == 2
    assert all(abs(share) > 1e-3 for share in shares)


def test_a_text_gets_the_same_verdict_in_any_company_and_order(scorer):
    texts = [LONG, "Good.", "The film was bad. It is dull.", *ODD, "moving " * 20]
    alone = [scorer.predict([text])[0] for text in texts]
    for text_order in (range(len(texts)), reversed(range(len(texts)))):
        order = list(text_order)
        for i, prediction in zip(order, scorer.predict([texts[i] for i in order]), strict=True):
            assert_same(prediction, alone[i])


@pytest.mark.parametrize("text", ODD, ids=ascii)
def test_any_text_gets_a_finite_verdict(scorer, text):
    (prediction,) = scorer.predict([text])
    assert 0 <= prediction.positive <= 1
    assert math.isfinite(prediction.logit)
    assert_adds_up(prediction)


def test_a_megabyte_is_read_in_seconds(scorer):
    started = time.perf_counter()
    (prediction,) = scorer.predict(["It was good, not bad. " * 48_000])
    assert time.perf_counter() - started < 20
    assert_adds_up(prediction)


def test_a_text_without_words_is_judged_by_the_bias_alone(scorer):
    for prediction in scorer.predict(["", "\n", "\x00"]):
        assert prediction.logit == pytest.approx(prediction.bias)
        assert all(sentence.share == 0 for sentence in prediction.sentences)


def test_no_texts_no_predictions(scorer):
    assert scorer.predict([]) == []


def test_sentences_in_the_cut_out_middle_are_marked_as_not_read(scorer):
    (prediction,) = scorer.predict([LONG])
    read = [sentence.read for sentence in prediction.sentences]
    assert read[0]
    assert read[-1]
    assert not any(read[5:-5])
    assert all(sentence.share == 0 for sentence in prediction.sentences if not sentence.read)
    assert_adds_up(prediction)


def test_what_stands_in_the_middle_of_a_long_text_changes_nothing(scorer):
    (one,) = scorer.predict([LONG])
    (other,) = scorer.predict([LONG[:300] + "awful dull bad film! " + LONG[300:]])
    assert one.logit == pytest.approx(other.logit, abs=1e-5)
