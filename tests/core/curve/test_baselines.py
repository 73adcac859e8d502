import sys

import numpy as np
import pytest

from sentiment.core.corpus.data import labels_of
from sentiment.core.critic.bases import resolve_base
from sentiment.core.critic.calibration import probability
from sentiment.core.critic.classifier import load_encoder
from sentiment.core.curve.baselines import embedding_means, layer_means, regression, word2vec_means
from sentiment.core.training.train import TrainConfig, logits_of, train


def right(positive, examples):
    return np.mean((np.asarray(positive) > 0.5) == labels_of(examples))


def test_regression_on_layer_means_is_the_probe(examples, base_folder):
    known, texts = examples[:30], [example.text for example in examples]
    config = TrainConfig(method="probe", base=str(base_folder), seed=2)
    critic = train(known, config).critic
    expected = probability(logits_of(critic, critic.text_encoder.encode(texts)), critic.temperature)
    features = layer_means(resolve_base(str(base_folder)), config.max_tokens)
    answer = regression(known, texts, features, seed=2)
    assert f"layer={critic.layers}" in answer.detail
    np.testing.assert_allclose(answer.positive, expected, atol=1e-4)


def test_embedding_means_are_means_of_the_words_vectors_wherever_they_stand(base_folder):
    base = resolve_base(str(base_folder))
    table = load_encoder(base, 1).get_input_embeddings().weight.detach().numpy()
    one, other, good, nothing = embedding_means(base)(["good film", "film good", "good", ""])[:, 0]
    np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(good, next(row for row in table if np.array_equal(row, good)))
    np.testing.assert_array_equal(nothing, 0)
    dull, film, buried = embedding_means(base)(["dull", "film", f"{'dull film ' * 200} good {'dull film ' * 200}"])[
        :, 0
    ]
    np.testing.assert_allclose(buried, (400 * dull + 400 * film + good) / 801, atol=1e-5)


def test_word2vec_learns_once_from_texts_alone(tmp_path, monkeypatch):
    pytest.importorskip("gensim")
    texts = ["the good film was great", "the dull film was awful"] * 20
    path = tmp_path / "vectors.npz"
    good, film, unknown = word2vec_means(texts, path)(["good", "good film", "unheard-of"])[:, 0]
    assert good.shape == (300,)
    assert not np.array_equal(good, film)
    np.testing.assert_array_equal(unknown, 0)
    monkeypatch.setitem(sys.modules, "gensim.models", None)
    np.testing.assert_array_equal(word2vec_means(texts, path)(["good"])[0, 0], good)
