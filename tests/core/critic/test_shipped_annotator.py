"""What comes with the project, read as a site reads it: what judges is told from what is only mentioned."""

import pytest

from sentiment.core.critic.mentions import judgements
from sentiment.core.critic.scorer import Prediction, Scorer

PLAIN = "I saw it on a Tuesday with my brother. We sat in row nine, and the cinema was half empty."


@pytest.fixture(scope="module")
def reader() -> Scorer:
    return Scorer.load(device="cpu")


def judged(prediction: Prediction) -> dict[str, bool]:
    return {aspect: mention.positive > 0.5 for aspect, mention in judgements(prediction.mentions).items()}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The acting is superb. The plot is a dull mess.", {"acting": True, "story": False}),
        ("Beautiful to look at, but the pacing is awful.", {"visuals": True, "pacing": False}),
        ("He dates a gossip columnist, and ten minutes before the end she goes back to her country music.", {}),
        ("From start to finish they argue over the final score of the game, and in the end nobody wins.", {}),
    ],
)
def test_an_aspect_is_a_judgement_and_no_mention(reader, text, expected):
    (prediction,) = reader.predict([f"{PLAIN} {text}"])
    assert judged(prediction) == expected


def test_marked_is_what_a_reader_would_call_decisive(reader):
    text = f"{PLAIN} A man finds a map, and his brother wants it. All in all one of the worst films I have ever seen."
    (prediction,) = reader.predict([text])
    first = prediction.sentences[prediction.marks[0].sentence]
    assert text[first.start : first.end].startswith("All in all")
    assert not prediction.marks[0].favourable


@pytest.mark.parametrize("text", ["I loved this film.", "What a waste of time that was."])
def test_a_review_of_one_sentence_is_marked(reader, text):
    (prediction,) = reader.predict([text])
    assert [mark.sentence for mark in prediction.marks] == [0]
    assert prediction.marks[0].favourable == text.startswith("I loved")


def test_a_long_review_has_few_marks_and_none_contradicts_what_its_sentence_says(reader):
    sentences = ["The acting is superb.", "The story drags.", "I was moved by the ending.", "The jokes are flat."]
    (prediction,) = reader.predict([" ".join(f"{sentence} {PLAIN}" for sentence in sentences)])
    assert 1 <= len(prediction.marks) <= 3
    for mark in prediction.marks:
        says = {mention.positive > 0.5 for mention in prediction.mentions if mention.sentence == mark.sentence}
        assert says <= {mark.favourable}
