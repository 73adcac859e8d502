import os
import sys
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from sentiment.core import ulmfit as ulmfit_module
from sentiment.core.baselines import (
    ExperimentError,
    embedding_means,
    layer_means,
    nb_svm,
    regression,
    repeated_folds,
    word2vec_means,
    words,
)
from sentiment.core.bases import resolve_base
from sentiment.core.calibration import probability
from sentiment.core.classifier import load_encoder
from sentiment.core.data import Example, labels_of
from sentiment.core.features import SHARD, FeatureStore
from sentiment.core.training import TrainConfig, logits_of, train
from sentiment.core.ulmfit import ulmfit


def right(positive, examples):
    return np.mean((np.asarray(positive) > 0.5) == labels_of(examples))


def test_nb_svm_learns_the_words_that_decide(examples):
    answer = nb_svm(examples[:30], [example.text for example in examples], seed=0)
    assert right(answer.positive, examples) == 1


def test_nb_svm_learns_from_pairs_what_no_single_word_tells():
    said = {"good": 1, "bad": 0, "not good": 0, "not bad": 1}
    nouns = ["film", "plot", "cast", "ending", "music"]
    known = [Example(f"the {noun} was {words}", label) for noun in nouns for words, label in said.items()]
    answer = nb_svm(known, [f"my review : it was {words}" for words in said], seed=0)
    assert [p > 0.5 for p in answer.positive] == [label == 1 for label in said.values()]


@pytest.mark.parametrize("count", [10, 40])
def test_nb_svm_gives_the_same_answer_again_and_from_few_labels(examples, count):
    texts = [example.text for example in examples]
    first, second = (nb_svm(examples[:count], texts, seed=1) for _ in range(2))
    assert first.detail == second.detail
    np.testing.assert_array_equal(first.positive, second.positive)
    assert right(first.positive, examples) > 0.5


def test_words_keep_negations_whole_and_marks_apart():
    assert words("It isn't good!<br />Bad&amp;dull.") == ["it", "isn't", "good", "!", "bad", "&", "dull", "."]


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
    dull, buried = embedding_means(base)(["dull", f"{'dull ' * 400} good {'dull ' * 400}"])[:, 0]
    np.testing.assert_allclose(buried, (800 * dull + good) / 801, atol=1e-5)


def test_folds_keep_films_whole_where_there_are_enough(examples):
    for train_part, test_part in repeated_folds(examples, 0, 1)[0]:
        films = [{examples[i].group for i in part} for part in (train_part, test_part)]
        assert not films[0] & films[1]


def test_texts_of_a_single_film_are_cross_validated_one_by_one(examples):
    alone = [replace(example, group="the film") for example in examples[:10]]
    (folds,) = repeated_folds(alone, 0, 1)
    assert sorted(i for _, test in folds for i in test) == list(range(10))
    assert right(nb_svm(alone, [e.text for e in examples], 0).positive, examples) > 0.5


def test_a_store_computes_each_text_once_and_keeps_it(tmp_path):
    asked = []

    def lengths(texts):
        asked.extend(texts)
        return np.array([[len(text)] for text in texts], np.float32)

    texts = ["a" * (i + 1) for i in range(SHARD + 3)]
    store = FeatureStore(tmp_path / "kept", lengths)
    np.testing.assert_array_equal(store.of([texts[4], texts[0], texts[4]])[:, 0], [5, 1, 5])
    np.testing.assert_array_equal(store.of(texts)[:, 0], np.arange(1, SHARD + 4))
    again = FeatureStore(tmp_path / "kept", lengths)
    np.testing.assert_array_equal(again.of(texts[::-1])[:, 0], np.arange(SHARD + 3, 0, -1))
    assert sorted(asked, key=len) == texts


def test_an_interrupted_store_keeps_its_whole_shards(tmp_path):
    texts = [str(i) for i in range(2 * SHARD)]

    def interrupted(texts):
        if "0" not in texts:
            raise KeyboardInterrupt
        return np.zeros((len(texts), 1), np.float32)

    with pytest.raises(KeyboardInterrupt):
        FeatureStore(tmp_path, interrupted).of(texts)
    asked = []
    FeatureStore(tmp_path, lambda texts: asked.extend(texts) or np.ones((len(texts), 1), np.float32)).of(texts)
    assert asked == texts[SHARD:]


def test_what_needs_an_extra_says_which(tmp_path, monkeypatch):
    for module in ("gensim", "gensim.models", "fastai", "fastai.text", "fastai.text.all"):
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ExperimentError, match=r"gensim.*pip install -e '\.\[experiments\]'"):
        word2vec_means(["a text"], tmp_path / "vectors.npz")
    with pytest.raises(ExperimentError, match=r"fastai.*pip install -e '\.\[experiments\]'"):
        ulmfit(["a text"], tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_word2vec_learns_once_from_texts_alone(tmp_path, monkeypatch):
    texts = ["the good film was great", "the dull film was awful"] * 20
    path = tmp_path / "vectors.npz"
    good, film, unknown = word2vec_means(texts, path)(["good", "good film", "unheard-of"])[:, 0]
    assert good.shape == (300,)
    assert not np.array_equal(good, film)
    np.testing.assert_array_equal(unknown, 0)
    monkeypatch.setitem(sys.modules, "gensim.models", None)
    np.testing.assert_array_equal(word2vec_means(texts, path)(["good"])[0, 0], good)


@pytest.fixture
def small_ulmfit(monkeypatch):
    pytest.importorskip("fastai")
    monkeypatch.setattr(ulmfit_module, "SIZES", {"emb_sz": 32, "n_hid": 32, "n_layers": 1})
    monkeypatch.setattr(ulmfit_module, "STAGES", ((-1, 40, 2e-2), (0, 100, 1e-2)))


# Fastai's own imports use what torch and pandas are about to drop.
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_ulmfit_learns_and_gives_the_same_answer_again(tmp_path, examples, small_ulmfit):
    texts = [example.text for example in examples]
    read = ulmfit(texts * 20, tmp_path)
    first, second = (read(examples, texts, 3).positive for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert right(first, examples) > 0.8


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_pretraining_learns_which_words_follow_which(tmp_path, examples, small_ulmfit, monkeypatch):
    learners, make = [], ulmfit_module._language_model

    def made(*args, **options):
        learners.append(make(*args, **options))
        return learners[0]

    monkeypatch.setattr(ulmfit_module, "_language_model", made)
    texts = [example.text for example in examples] * 500
    ulmfit(texts, tmp_path)
    with learners[0].no_bar(), learners[0].no_logging():
        surprise = learners[0].validate()[0]
    # Who knows nothing but how often each word comes is surprised by this much.
    counts = np.array(list(Counter(word for text in texts for word in words(text)).values()))
    frequencies = counts / counts.sum()
    assert surprise < -(frequencies @ np.log(frequencies))


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_an_interrupted_pretraining_is_taken_up_where_it_was(tmp_path, examples, small_ulmfit, monkeypatch):
    texts = [example.text for example in examples] * 20
    replace_file, kept = os.replace, []

    def interrupted(source, target):
        replace_file(source, target)
        kept.append(target.name)
        if len(kept) == 3:
            raise KeyboardInterrupt

    of_another = tmp_path / "20.pth"
    of_another.write_bytes(b"made by another schedule")
    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        ulmfit(texts, tmp_path)
    ulmfit(texts, tmp_path)
    parts = ulmfit_module.PARTS
    assert kept == [f"{number}-of-{parts}.pth" for number in range(1, parts + 1)]
    assert {path.name for path in tmp_path.iterdir()} == {kept[-1], of_another.name}
