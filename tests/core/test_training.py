from dataclasses import replace

import numpy as np
import pytest

from sentiment.core.bases import BaseError
from sentiment.core.checkpoints import save
from sentiment.core.data import DataError, Example
from sentiment.core.scorer import Scorer
from sentiment.core.training import TrainConfig, train


@pytest.fixture
def config(base_folder) -> TrainConfig:
    return TrainConfig(base=str(base_folder), max_tokens=32, folds=3, repeats=1)


def right(critic, examples) -> float:
    predictions = Scorer(critic, "cpu").predict([example.text for example in examples])
    return np.mean([(p.positive > 0.5) == e.label for p, e in zip(predictions, examples, strict=True)])


UNSEEN = [
    Example("it is a good and moving film", 1),
    Example("the ending is great", 1),
    Example("a lovely cast", 1),
    Example("it is a bad and boring film", 0),
    Example("the ending is awful", 0),
    Example("a dull cast", 0),
]


def test_a_probe_learns_what_separates_the_labels(config, examples):
    result = train(examples, config)
    assert right(result.critic, examples) == 1
    assert right(result.critic, UNSEEN) > 0.8
    assert result.metrics["n"] == len(examples)
    assert result.metrics["accuracy"] > 0.8


def test_labels_without_a_pattern_are_not_reported_as_learnt(config):
    rng = np.random.default_rng(0)
    words = ["film", "plot", "cast", "ending", "good", "bad", "it", "was"]
    random = [Example(" ".join(rng.choice(words, 6)), int(rng.integers(2))) for _ in range(80)]
    assert 0.25 < train(random, config).metrics["accuracy"] < 0.75


def test_fine_tuning_starts_from_the_probe_and_moves_the_layers_above_the_embeddings(config, examples):
    config = replace(config, method="finetune", epochs=2, learning_rate=1e-3, finetune_folds=2)
    probe = train(examples, replace(config, method="probe")).critic
    tuned = train(examples, config).critic
    assert right(tuned, UNSEEN) > 0.8
    assert tuned.encoder.embeddings.word_embeddings.weight.equal(probe.encoder.embeddings.word_embeddings.weight)
    assert not tuned.encoder.encoder.layer[0].output.dense.weight.equal(
        probe.encoder.encoder.layer[0].output.dense.weight
    )
    assert tuned.head.weight.detach().numpy() == pytest.approx(probe.head.weight.detach().numpy(), abs=0.05)


@pytest.mark.parametrize("method", ["probe", "finetune"])
def test_the_same_training_gives_the_same_version(config, examples, tmp_path, method):
    config = replace(config, method=method, epochs=1, finetune_folds=2)
    once = train(examples, config)
    again = train(examples, config)
    assert save(once.critic, tmp_path / "once", once.card) == save(again.critic, tmp_path / "again", again.card)


def test_the_number_of_layers_can_be_fixed(config, examples):
    assert train(examples, replace(config, layers=2)).critic.layers == 2


def test_the_card_says_what_the_critic_was_made_from(config, examples):
    card = train(examples, replace(config, layers=2)).card
    assert card["labels"] == {"negative": 20, "positive": 20}
    assert card["groups"] == 10
    assert card["config"]["method"] == "probe"
    assert card["chosen"]["layers"] == 2
    other = train([*examples[1:], replace(examples[0], text="dull")], replace(config, layers=2)).card
    assert other["labels_sha256"] != card["labels_sha256"]


@pytest.mark.parametrize("method", ["probe", "finetune"])
def test_progress_grows_from_nothing_to_all(config, examples, method):
    seen = []
    train(
        examples, replace(config, method=method, epochs=1), lambda fraction, message: seen.append((fraction, message))
    )
    fractions = [fraction for fraction, _ in seen]
    assert fractions == sorted(fractions)
    assert 0 < fractions[0] < 0.75
    assert fractions[-1] == pytest.approx(1)
    assert all(message for _, message in seen)


def test_labels_that_cannot_be_learnt_from_are_refused_with_the_reason(config, examples):
    one_label = [example for example in examples if example.label == 1]
    one_film = [replace(example, group="the same") for example in examples]
    film_per_label = [replace(example, group=str(example.label)) for example in examples]
    for unusable, reason in [
        ([], "no labelled texts"),
        (one_label, "at least 5 texts of each label; 0 are negative"),
        (examples[:6], "at least 5 texts of each label; 3 are negative"),
        ([*examples, Example("?", None)], "1 of 41 texts have no label"),
        (one_film, "belong to one film"),
        (film_per_label, "too few films"),
    ]:
        with pytest.raises(DataError, match=reason):
            train(unusable, config)


def test_an_unknown_base_is_refused(config, examples):
    with pytest.raises(BaseError, match="Unknown base"):
        train(examples, replace(config, base="unheard-of"))
