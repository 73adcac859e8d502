import json
import re
import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sentiment.core.corpus.annotated import Annotated, read_annotated
from sentiment.core.corpus.data import DataError, Example
from sentiment.core.critic.aspects import ASPECTS, TokenLogits
from sentiment.core.critic.evidence import Sentence
from sentiment.core.critic.mentions import (
    FAVOURS,
    JUDGES,
    WEIGHTS,
    Candidate,
    Mention,
    find_mentions,
    judgements,
    weigh,
    weights,
)
from sentiment.core.measuring.aspect_report import Read, fit, report, write_weights
from sentiment.core.text import sentence_spans
from sentiment.core.words.opinions import LEXICON

SILENT = TokenLogits(np.array([], dtype=np.int64), np.array([]))


def sentences_of(text: str) -> list[Sentence]:
    return [Sentence(start, end, 0.0, True) for start, end in sentence_spans(text)]


def read(text: str, tokens: TokenLogits = SILENT) -> dict[str, str]:
    """What a text judges and how, as far as it is decided."""
    found = judgements(find_mentions(text, sentences_of(text), tokens))
    return {aspect: "+" if mention.positive > 0.5 else "-" for aspect, mention in found.items()}


@pytest.mark.parametrize(
    ("text", "judged"),
    [
        ("The acting is superb.", {"acting": "+"}),
        ("Tom Smith is magnificent as the clerk.", {"acting": "+"}),
        ("I couldn't stand a single character.", {"characters": "-"}),
        ("The dialogue is sharp and clever.", {"dialogue": "+"}),
        ("Her direction is clumsy.", {"direction": "-"}),
        ("The plot makes no sense.", {"story": "-"}),
        ("It looks gorgeous.", {"visuals": "+"}),
        ("A dreadful soundtrack.", {"music": "-"}),
        ("It drags terribly.", {"pacing": "-"}),
        ("There's not one dull moment.", {"pacing": "+"}),
        ("The jokes are hilarious.", {"humour": "+"}),
        ("A perfect ending.", {"ending": "+"}),
        ("We saw it on Tuesday.", {}),
    ],
)
def test_each_aspect_is_found_with_its_polarity(text, judged):
    assert read(text) == judged


def test_aspects_of_one_sentence_keep_their_own_polarity():
    assert read("The acting is brilliant but the plot is dull.") == {"acting": "+", "story": "-"}
    assert read("The plot is dull, although the acting is brilliant.") == {"acting": "+", "story": "-"}


def test_a_negation_turns_what_it_stands_before():
    assert read("The music is not good.") == {"music": "-"}
    assert read("I can't fault the acting.") == {"acting": "+"}
    assert read("The acting isn’t convincing.") == {"acting": "-"}
    assert read("The acting is not only good, it is superb.") == {"acting": "+"}


def test_a_complaint_is_one_whatever_it_names():
    assert read("My only complaint is the music.") == {"music": "-"}


def test_what_names_an_aspect_without_a_word_on_it_judges_nothing():
    assert read("There is good music.") == {"music": "+"}
    assert read("There is music as well.") == {}


@pytest.mark.parametrize(("logit", "polarity"), [(3.0, "+"), (-3.0, "-")])
def test_where_the_words_are_silent_the_critic_decides(logit, polarity):
    text = "Then there is the music."
    assert read(text, TokenLogits(np.arange(0, len(text), 4), np.full(6, logit))) == {"music": polarity}


def test_the_critic_is_heard_on_the_sentence_itself_and_on_no_other():
    text = "Then there is the music. It was raining."
    near, far = np.array([0, 5, 10, 14, 18]), np.array([25, 28, 32])
    starts, logits = np.concatenate([near, far]), np.array([2.0] * 5 + [-9.0] * 3)
    assert read(text, TokenLogits(starts, logits)) == {"music": "+"}


def test_a_mention_names_its_sentence():
    text = "We went on Tuesday. The music is lovely. The ending is awful."
    mentions = find_mentions(text, sentences_of(text), SILENT)
    assert [(mention.sentence, mention.aspect) for mention in mentions] == [(1, "music"), (2, "ending")]


def test_a_sentence_that_was_not_read_judges_nothing():
    text = "The music is lovely. The ending is awful."
    first, second = sentences_of(text)
    assert [m.aspect for m in find_mentions(text, [first, replace(second, read=False)], SILENT)] == ["music"]


def test_the_most_decided_mention_stands_for_the_judgement():
    mentions = [Mention(0, "music", 0.7), Mention(1, "music", 0.1), Mention(2, "ending", 0.6)]
    assert judgements(mentions) == {"music": mentions[1], "ending": mentions[2]}


@pytest.mark.parametrize("text", ["plot " * 4_000, "plot music " * 1_800, "The plot is good, " + "ab" * 9_990])
def test_a_text_of_names_takes_little_memory(text):
    sentences = [Sentence(0, len(text), 0.0, True)]
    tracemalloc.start()
    find_mentions(text, sentences, SILENT)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 5_000_000


def test_what_stands_behind_a_long_run_keeps_its_own_tokens():
    text = "Then there is the music. " + "so " * 3_000 + "it was raining. Then there is the ending."
    (last,) = [each for each in sentences_of(text) if text[each.start :].startswith("Then there is the ending")]
    starts = np.array([0, 5, 10, 14, 18, last.start, last.start + 5, last.start + 18])
    logits = np.array([4.0] * 5 + [-4.0] * 3)
    assert read(text, TokenLogits(starts, logits)) == {"music": "+", "ending": "-"}


@given(
    st.lists(st.one_of(st.text(), st.sampled_from(["The plot’s bad. ", "İ music ", "no acting, but "]))).map("".join)
)
def test_any_text_can_be_read(text):
    sentences = sentences_of(text)
    for mention in find_mentions(
        text, sentences, TokenLogits(np.arange(0, len(text), 3), np.ones(len(range(0, len(text), 3))))
    ):
        assert 0 <= mention.positive <= 1
        assert mention.aspect in ASPECTS
        assert 0 <= mention.sentence < len(sentences)


def test_the_tokens_of_a_reading_average_to_the_calibrated_logit(scorer):
    text = "The film was good. The plot was awful."
    (encoded,) = scorer.critic.text_encoder.encode([text])
    (prediction,) = scorer.predict([text])
    contributions = np.full(len(encoded.starts), (prediction.logit - prediction.bias) / len(encoded.starts))
    tokens = TokenLogits.of(encoded.starts, encoded.head, encoded.tail, contributions, prediction.bias, 1.5)
    assert tokens.logits.mean() == pytest.approx(prediction.logit / 1.5, abs=1e-5)


def test_the_lexicon_is_lower_case_and_says_nothing_twice():
    opinions = LEXICON["opinions"]
    praise, fault = opinions["praise"].split(), opinions["fault"].split()
    assert not set(praise) & set(fault)
    for words in (praise, fault):
        assert len(words) == len(set(words))
    cues = [cue for listed in LEXICON["aspects"].values() for cue in listed]
    phrases = [*opinions["praise_phrases"], *opinions["fault_phrases"], *opinions["judging"]]
    for entry in [*praise, *fault, *phrases, *cues]:
        assert entry == entry.lower()


@pytest.mark.parametrize("by", ["words", "annotator"])
def test_the_weights_that_are_kept_are_few_and_point_the_right_way(by):
    assert WEIGHTS.stat().st_size < 100_000
    judges, favours = weights(by)["judges"], weights(by)["favours"]
    assert (set(judges), set(favours)) == ({"intercept", *JUDGES}, {"intercept", *FAVOURS})
    assert favours["praise"] > 0 > favours["complaint"]
    assert (judges["vote"] > 0, favours["polarity"] > 0) == (by == "annotator",) * 2


def row(aspects: dict[str, bool], cues: list[tuple[str, float]], label: int = 1, tags: tuple[str, ...] = ()) -> Read:
    found = (
        Candidate(i, aspect, (-6.0, 1.0), (0.0, praise, 0.0, 0.0, 0.0, 1.0)) for i, (aspect, praise) in enumerate(cues)
    )
    return Read(Annotated(Example("", label, tags=tags), aspects), tuple(found))


ROWS = [
    row({"music": True, "ending": False}, [("music", 1.0), ("ending", -1.0)]),
    row({"music": False}, [("music", -1.0)], label=0),
    row({"music": True, "story": True}, [("music", -1.0), ("pacing", 1.0)], tags=("sarcasm",)),
]
BY_PRAISE = {
    "judges": {"intercept": -0.5, "vote": 0.0, "named": 1.0},
    "favours": dict.fromkeys(("intercept", *FAVOURS), 0.0) | {"praise": 1.0},
    "sure": {"against": 0.6},
}


def test_the_report_counts_each_judgement_once():
    found = report(ROWS, BY_PRAISE)
    assert (found["reviews"], found["judgements"]) == (3, 5)
    of = found["judged"]["aspects"]
    assert sum(each["n"] for each in of.values()) == 5
    assert (of["music"]["precision"], of["music"]["recall"], of["music"]["f1"]) == (1, 1, 1)
    assert (of["story"]["recall"], of["pacing"]["precision"]) == (0, 0)
    assert (found["judged"]["precision"]["accuracy"], found["judged"]["recall"]["accuracy"]) == (0.8, 0.8)
    polarity = found["polarity"]
    assert (polarity["n"], polarity["accuracy"]) == (4, 0.75)
    assert polarity["against_review"]["n"] + polarity["with_review"]["n"] == 4
    assert polarity["plain"]["n"] + polarity["hard"]["n"] == 4
    assert (polarity["against_review"]["accuracy"], polarity["hard"]["accuracy"]) == (1, 0)
    assert (polarity["same_as_review"], polarity["always_positive"]) == (0.75, 0.5)
    json.dumps(found)


def test_who_goes_against_the_review_must_be_surer():
    sure = BY_PRAISE | {"sure": {"against": 0.75}}
    (read,) = [row({"music": False}, [("music", -1.0), ("ending", -1.2), ("story", 0.5)])]
    assert [mention.aspect for mention in weigh(read.candidates, sure)] == ["ending", "story"]


def test_what_is_fitted_reads_as_it_was_taught(tmp_path):
    path = tmp_path / "weights.json"
    path.write_bytes(WEIGHTS.read_bytes())
    write_weights(ROWS, path, "words")
    kept = json.loads(path.read_text())
    assert (kept["words"]["reviews"], kept["words"]["judgements"]) == (3, 5)
    assert kept["words"]["weights"]["favours"]["praise"] > 0 == kept["words"]["weights"]["favours"]["polarity"]
    assert kept["annotator"] == json.loads(WEIGHTS.read_text())["annotator"]
    assert [path.name for path in tmp_path.iterdir()] == ["weights.json"]


def test_nothing_to_learn_from_or_to_judge_on_is_said():
    with pytest.raises(DataError, match="judged, both ways"):
        fit([row({"music": True}, [("music", 1.0)])])
    with pytest.raises(DataError, match="No row says"):
        report([row({}, [("music", 1.0)])], BY_PRAISE)


@pytest.mark.parametrize("aspects", ["[]", '{"music": "good"}', '{"music": 1}'])
def test_a_bad_line_is_named(tmp_path, aspects):
    path = tmp_path / "rows.jsonl"
    path.write_text(
        f'{{"text": "Good.", "aspects": {{"music": "positive"}}}}\n{{"text": "Bad.", "aspects": {aspects}}}\n'
    )
    with pytest.raises(DataError, match=re.escape(f"{path}, line 2")):
        read_annotated(path)
