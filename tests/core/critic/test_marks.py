"""Few sentences are marked, one always, and none against what it says itself."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment.core.critic import marks
from sentiment.core.critic.annotations import DECISIVE, NONE, Annotations
from sentiment.core.critic.aspects import ASPECTS
from sentiment.core.critic.evidence import Sentence
from sentiment.core.critic.marks import MOST, PART, Mark, effects_of
from sentiment.core.critic.mentions import Mention
from sentiment.core.labels import verdict


def sentences(*shares: float, length: int = 40) -> list[Sentence]:
    return [Sentence(i * (length + 1), i * (length + 1) + length, share, True) for i, share in enumerate(shares)]


def decisive(*logits: float) -> Annotations:
    votes = np.full((len(logits), DECISIVE + 1), -4.0, np.float32)
    votes[:, DECISIVE] = logits
    return Annotations(votes, np.zeros((len(logits), len(ASPECTS)), np.float32))


def choose(
    sentences: list[Sentence], mentions: list[Mention], positive: float, annotations: Annotations
) -> tuple[Mark, ...]:
    return marks.choose(marks.rank(sentences, mentions, positive, annotations), sentences, positive)


def marked(found: tuple[Mark, ...]) -> list[tuple[int, bool]]:
    return [(mark.sentence, mark.favourable) for mark in found]


def test_the_most_decisive_is_the_first_mark():
    assert marked(choose(sentences(0.1, 0.1, 0.1, 0.1), [], 0.9, decisive(0, 0, 5, 0))) == [(2, True)]


def test_a_further_sentence_is_marked_where_it_is_worth_nearly_as_much():
    found = choose(sentences(*[0.1] * 8), [], 0.9, decisive(0, 4, 5, 0, 4.5, 4.2, 0, 0))
    assert [mark.sentence for mark in found] == [2, 4]
    assert [mark.sentence for mark in choose(sentences(*[0.1] * 12), [], 0.9, decisive(0, 4, 5, *[0] * 9))] == [2, 1]


def test_a_mark_has_the_sign_of_what_its_sentence_says_of_aspects():
    faulted = [Mention(1, "story", 0.1)]
    assert marked(choose(sentences(0.5, 0.5), faulted, 0.9, decisive(0, 5))) == [(1, False)]


def test_a_sentence_that_says_both_is_not_marked_with_either():
    both = [Mention(1, "story", 0.1), Mention(1, "acting", 0.9)]
    assert marked(choose(sentences(0.5, 0.5), both, 0.9, decisive(0, 5))) == [(0, True)]
    # One is marked always.
    assert marked(
        choose(sentences(0.5, 0.5)[:1], [both[0]._replace(sentence=0), both[1]._replace(sentence=0)], 0.9, decisive(0))
    ) == [(0, True)]


def test_what_says_nothing_of_aspects_is_on_the_side_of_the_verdict_whatever_its_share():
    assert marked(choose(sentences(2.0, -2.0, 2.0), [], 0.9, decisive(0, 9, 0)))[0] == (1, True)
    assert marked(choose(sentences(2.0, -2.0, 2.0), [], 0.5, decisive(0, 9, 0)))[0] == (1, False)


def test_where_the_verdict_is_unsure_both_sides_are_marked():
    said = [Mention(0, "acting", 0.9), Mention(3, "story", 0.1)]
    found = choose(sentences(0.5, 0.4, 0.3, -0.5, 0.1, 0.1, 0.1), said, 0.5, decisive(5, 4.9, 4.8, 4, 0, 0, 0))
    assert marked(found)[:2] == [(0, True), (3, False)]


def test_where_the_verdict_is_unsure_both_sides_are_marked_in_a_short_text_too():
    said = [Mention(0, "acting", 0.9), Mention(1, "story", 0.1)]
    assert marked(choose(sentences(0.5, -0.5), said, 0.5, decisive(5, 1))) == [(0, True), (1, False)]


def test_what_was_not_read_is_not_marked():
    first, second = sentences(0.5, 0.0)
    unread = Sentence(second.start, second.end, 0.0, False)
    annotations = decisive(0, 9)
    annotations.votes[1] = NONE
    assert marked(choose([first, unread], [], 0.9, annotations)) == [(0, True)]


def test_a_text_without_sentences_has_no_mark():
    assert choose([], [], 0.9, decisive()) == ()


@given(
    st.lists(
        st.tuples(st.floats(-3, 3), st.integers(1, 400), st.floats(-8, 8), st.sampled_from([None, 0.1, 0.9])),
        min_size=1,
        max_size=12,
    ),
    st.floats(0.01, 0.99),
)
def test_marks_are_few_and_contradict_nothing(rows, positive):
    read, start = [], 0
    for share, length, _, _ in rows:
        read.append(Sentence(start, start + length, share, True))
        start += length + 1
    said = [Mention(i, "story", way) for i, (*_, way) in enumerate(rows) if way]
    found = choose(read, said, positive, decisive(*[logit for _, _, logit, _ in rows]))
    assert 1 <= len(found) <= MOST
    assert len({mark.sentence for mark in found}) == len(found)
    lengths = [read[mark.sentence].end - read[mark.sentence].start for mark in found]
    both_ways = verdict(positive) == "unsure" and len({mark.favourable for mark in found[:2]}) == 2
    assert len(found) == 1 + both_ways or sum(lengths) <= PART * sum(length for _, length, _, _ in rows)
    for mark in found:
        assert all((each.positive > 0.5) == mark.favourable for each in said if each.sentence == mark.sentence)


def test_an_effect_is_what_leaving_the_sentence_out_would_take_if_the_others_stayed():
    assert effects_of(sentences(1.0, 1.0, 1.0)) == pytest.approx([0, 0, 0])
    assert effects_of(sentences(3.0, 0.0, 0.0)) == pytest.approx([3.0, -1.5, -1.5])
    assert effects_of(sentences(3.0)).shape == (1,)
