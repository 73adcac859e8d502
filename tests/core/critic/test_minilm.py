"""One run with the real packaged weights."""

import pytest

from sentiment.core.corpus.data import Example
from sentiment.core.critic.bases import PACKAGED, resolve_base
from sentiment.core.critic.checkpoints import save
from sentiment.core.critic.scorer import Scorer
from sentiment.core.training.train import TrainConfig, train

GOOD = [
    "superb",
    "a joy from start to finish",
    "moving and beautifully acted",
    "my favourite film of the year",
    "wonderful",
    "funny, warm and clever",
    "a masterpiece",
    "gripping to the last minute",
    "I loved every scene",
    "simply brilliant",
]
BAD = [
    "dreadful",
    "a waste of two hours",
    "boring and badly acted",
    "the worst film of the year",
    "terrible",
    "stupid, cold and dull",
    "a complete mess",
    "I nearly fell asleep",
    "I hated every scene",
    "painfully bad",
]


def test_minilm_learns_from_twenty_labels_what_plain_reviews_say(tmp_path):
    examples = [Example(f"It was {text}.", label) for label, texts in ((0, BAD), (1, GOOD)) for text in texts]
    result = train(examples, TrainConfig(repeats=1, layers=4))
    save(result.critic, tmp_path / "critic", result.card)
    assert (tmp_path / "critic" / "weights.safetensors").stat().st_size < 4096

    scorer = Scorer.load(tmp_path / "critic", "cpu")
    reviews = [
        "An excellent, delightful film.",
        "An awful, tedious film.",
        "Great cast. " * 200 + "The end.",
        "😀",
    ]
    together = scorer.predict(reviews)
    assert together[0].positive > 0.5 > together[1].positive
    assert not all(sentence.read for sentence in together[2].sentences)
    for review, prediction in zip(reviews, together, strict=True):
        (alone,) = scorer.predict([review])
        assert alone.positive == pytest.approx(prediction.positive, abs=1e-4)
        assert prediction.bias + sum(s.share for s in prediction.sentences) == pytest.approx(prediction.logit, abs=1e-4)


def test_minilm_is_the_packaged_model_itself():
    assert resolve_base("minilm").sha256 == PACKAGED["minilm"]
