import math
import subprocess
import sys
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sentiment.core.critic.scorer import Prediction, Scorer

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
    assert (one.by, one.unread) == (other.by, other.unread)
    assert one.critic == pytest.approx(other.critic, abs=1e-4)
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
    assert prediction.critic == pytest.approx(1 / (1 + math.exp(-prediction.logit / 1.5)), abs=1e-6)


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
def test_any_text_gets_a_finite_verdict_or_none(scorer, text):
    (prediction,) = scorer.predict([text])
    assert (prediction.positive is None) == (prediction.unread is not None)
    assert 0 <= prediction.critic <= 1
    (read,) = scorer.predict([text], everything=True)
    assert 0 <= read.positive <= 1
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


FILM_TALK = [f"The plot was {word}. The ending is not {word}!" * n for n, word in enumerate(["good", "dull"] * 9)]


def exactly(predictions: list[Prediction]) -> list[object]:
    return [(p.positive, p.logit, p.bias, p.sentences, p.mentions, p.embedding.tobytes()) for p in predictions]


@pytest.fixture
def processes(monkeypatch) -> list[subprocess.Popen]:
    """Those that are started to analyse."""
    started: list[subprocess.Popen] = []

    def start(*args, **kwargs) -> subprocess.Popen:
        started.append(subprocess.Popen(*args, **kwargs))
        return started[-1]

    monkeypatch.setattr("sentiment.core.critic.analysis.Popen", start)
    return started


def test_processes_change_nothing_but_the_time_and_end_with_the_reading(critic, processes, monkeypatch):
    monkeypatch.setattr("sentiment.core.critic.scorer.WINDOW", 8)
    monkeypatch.setattr("sentiment.core.critic.analysis.CHUNK", 3)
    texts = [*ODD, LONG, *FILM_TALK]
    alone = Scorer(critic, "cpu", "torch").predict(texts)
    assert any(prediction.mentions for prediction in alone)
    assert not processes
    together = Scorer(critic, "cpu", "torch", processes=2).predict(texts)
    assert exactly(together) == exactly(alone)
    assert [process.returncode for process in processes] == [0, 0]


def test_whoever_stops_listening_leaves_no_process_behind(critic, processes, monkeypatch):
    monkeypatch.setattr("sentiment.core.critic.scorer.WINDOW", 4)
    reading = Scorer(critic, "cpu", "torch", processes=2).read(FILM_TALK)
    next(reading)
    assert [process.poll() for process in processes] == [None, None]
    reading.close()
    assert [process.returncode for process in processes] == [0, 0]


def test_a_process_that_dies_is_an_error_and_no_endless_wait(critic, processes, monkeypatch):
    monkeypatch.setattr("sentiment.core.critic.scorer.WINDOW", 4)
    reading = Scorer(critic, "cpu", "torch", processes=1).read(FILM_TALK * 20)
    next(reading)
    processes[0].kill()
    with pytest.raises(RuntimeError, match="ended before its time"):
        list(reading)


def test_a_handful_of_texts_starts_no_process(critic, processes):
    Scorer(critic, "cpu", "torch", processes=2).predict(FILM_TALK)
    assert not processes


def test_on_a_cpu_no_process_is_started_unasked(scorer):
    assert scorer.processes == 0


def test_what_the_processes_run_needs_no_torch():
    code = "import sys; import sentiment.core.critic.analysis; print('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout.strip() == b"False"
