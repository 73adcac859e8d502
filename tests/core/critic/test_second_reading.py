"""A second reading says what the verdict loses with a sentence, and ranks by that; verdict and shares stay."""

from dataclasses import replace

import numpy as np
import pytest

from sentiment.core.critic.marks import Mark
from sentiment.core.critic.scorer import Scorer
from sentiment.core.critic.second_reading import TRIED, pays, read_again, without
from tests.tiny import tiny_annotator

TEXT = "The film was good. The plot was bad. It was awful. The cast was dull. It is a film."


@pytest.fixture
def reader(critic, base_folder) -> Scorer:
    critic.text_encoder.max_tokens = 64
    return Scorer(critic, "cpu", "torch", annotator=tiny_annotator(base_folder))


def test_effects_are_what_the_logit_loses(reader):
    (first,) = reader.predict([TEXT])
    (second,) = read_again(reader, [TEXT], [first])
    tried = {mark.sentence for mark in first.ranked[:TRIED]}
    effects = {mark.sentence: mark.effect for mark in second.ranked}
    for sentence in tried:
        (left,) = reader.predict([without(TEXT, first, {sentence})])
        assert effects[sentence] == pytest.approx(first.logit - left.logit, abs=1e-4)
    assert replace(second, marks=first.marks, ranked=first.ranked) == first


def test_the_first_mark_is_of_those_that_are_decisive_the_one_that_the_verdict_misses_most(reader, monkeypatch):
    (first,) = reader.predict([TEXT])
    ranked = tuple(Mark(i, True, 0.0, decisive) for i, decisive in enumerate((-1.0, -1.1, -1.2, -1.3, -1.4)))
    first = replace(first, positive=0.9, logit=2.0, ranked=ranked)
    monkeypatch.setattr(reader, "logits", lambda texts: np.array([2.0, 1.9, 0.5]))
    (second,) = read_again(reader, [TEXT], [first])
    assert (second.marks[0].sentence, second.marks[0].effect) == (2, 1.5)


def test_one_sentence_and_what_is_not_read_whole_stay_as_they_are(reader):
    texts = ["The film was good.", "", " ".join([TEXT] * 9)]
    first = reader.predict(texts)
    assert [pays(each) for each in first] == [False] * 3
    assert read_again(reader, texts, first) == first
    assert read_again(reader, [], []) == []
