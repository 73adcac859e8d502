from dataclasses import replace

import numpy as np
import pytest
import torch

from sentiment.core.corpus.data import DataError, Example
from sentiment.core.critic.bases import BaseError
from sentiment.core.critic.checkpoints import CheckpointError, fingerprint, load, save
from sentiment.core.critic.scorer import Scorer
from sentiment.core.training.finetuning import Tuning
from sentiment.core.training.probe import fit_probe
from sentiment.core.training.train import TrainConfig, train


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


def test_fine_tuning_starts_from_the_probe_and_moves_the_upper_layers(config, examples):
    config = replace(config, method="finetune", layers=3, tuning=Tuning(epochs=4, learning_rate=3e-3), finetune_folds=2)
    probe = train(examples, replace(config, method="probe")).critic
    tuned = train(examples, config).critic
    assert right(tuned, UNSEEN) > 0.8
    assert tuned.encoder.embeddings.word_embeddings.weight.equal(probe.encoder.embeddings.word_embeddings.weight)
    moved = [
        not mine.output.dense.weight.equal(its.output.dense.weight)
        for mine, its in zip(tuned.encoder.encoder.layer, probe.encoder.encoder.layer, strict=True)
    ]
    assert moved == [False, False, True]
    assert tuned.head.weight.detach().numpy() == pytest.approx(probe.head.weight.detach().numpy(), abs=0.05)


@pytest.mark.parametrize("method", ["probe", "finetune"])
def test_the_same_training_gives_the_same_version(config, examples, tmp_path, method):
    config = replace(config, method=method, tuning=Tuning(epochs=1), finetune_folds=2)
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
    config = replace(config, method=method, tuning=Tuning(epochs=1))
    train(examples, config, lambda fraction, message: seen.append((fraction, message)))
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


def test_fine_tuning_that_makes_it_worse_is_not_kept(config, examples):
    config = replace(config, finetune_folds=2, tuning=Tuning(epochs=3, learning_rate=1.0))
    probe, spoilt = train(examples, config), train(examples, replace(config, method="finetune"))
    assert spoilt.card["chosen"]["method"] == "probe"
    assert spoilt.metrics == probe.metrics
    assert spoilt.critic.head.weight.equal(probe.critic.head.weight)


def test_of_many_labels_a_part_judges_and_is_not_learnt_from(config, examples, monkeypatch):
    monkeypatch.setattr("sentiment.core.training.train.MANY", 30)
    seen = []
    tuning = Tuning(epochs=4, learning_rate=3e-3)
    config = replace(config, method="finetune", layers=3, tuning=tuning, folds_of_many=4)
    result = train(examples, config, lambda fraction, message: seen.append(fraction))
    assert result.card["chosen"]["method"] == "finetune"
    assert result.metrics["n"] == 12  # three films of four texts
    assert seen == sorted(seen)
    assert right(result.critic, UNSEEN) > 0.8


def test_fine_tuning_on_many_labels_reads_each_less_often(config, examples, monkeypatch):
    def steps(most):
        monkeypatch.setattr("sentiment.core.training.train.MOST_READINGS", most)
        said = []
        tuned = replace(config, method="finetune", tuning=Tuning(epochs=4), finetune_folds=2)
        train(examples, tuned, lambda _, message: said.append(message))
        return len({message for message in said if "step" in message})

    assert steps(10 * len(examples)) == 4 * steps(len(examples) // 2)


def test_a_critic_can_start_from_another(config, examples, tmp_path):
    first = train(examples, replace(config, layers=2)).critic
    with torch.no_grad():
        first.encoder.encoder.layer[1].output.dense.weight += 0.1
    save(first, tmp_path / "first", {})
    second = train(examples, replace(config, base=str(tmp_path / "first"))).critic
    assert second.base == first.base
    assert second.layers <= 2
    save(second, tmp_path / "second", {})
    assert right(load(tmp_path / "second"), UNSEEN) == right(second, UNSEEN)


def test_the_shipped_critic_is_missed_by_name(config, examples, tmp_path, monkeypatch):
    monkeypatch.setattr("sentiment.core.training.train.SHIPPED", tmp_path / "pretrained")
    with pytest.raises(CheckpointError, match=r"pretrained/manifest\.json cannot be read"):
        train(examples, replace(config, base="shipped"))


def test_a_critic_that_knows_already_is_corrected_rather_than_forgotten(config, examples, tmp_path):
    knowing = train(examples, replace(config, layers=2))
    save(knowing.critic, tmp_path / "knowing", knowing.card)
    few = [*examples[:6], *examples[20:26]]
    again = train(few, replace(config, base=str(tmp_path / "knowing")))
    assert again.card["chosen"]["corrects_known_head"]
    assert right(again.critic, UNSEEN) >= right(knowing.critic, UNSEEN) > 0.8


def test_interrupted_fine_tuning_ends_where_it_would_have(config, examples, tmp_path, monkeypatch):
    monkeypatch.setattr("sentiment.core.training.finetuning.SAVE_SECONDS", 0)
    config = replace(config, method="finetune", layers=3, tuning=Tuning(epochs=4, learning_rate=3e-3), finetune_folds=2)
    whole = train(examples, config)

    class Interrupted(Exception):
        pass

    def interrupt(fraction, message):
        if fraction > 0.6:
            raise Interrupted

    with pytest.raises(Interrupted):
        train(examples, config, interrupt, tmp_path)
    assert list(tmp_path.glob("*.pt"))
    resumed = train(examples, config, None, tmp_path)
    assert save(whole.critic, tmp_path / "whole", whole.card) == save(resumed.critic, tmp_path / "res", resumed.card)


def test_an_unknown_base_is_refused(config, examples):
    with pytest.raises(BaseError, match="Unknown base"):
        train(examples, replace(config, base="unheard-of"))


def test_what_another_training_left_in_the_folder_is_not_taken_for_this_one(config, examples, tmp_path):
    config = replace(config, method="finetune", layers=3, tuning=Tuning(epochs=4, learning_rate=3e-3), finetune_folds=2)
    work = tmp_path / "work"
    work.mkdir()
    train(examples, config, work=work)
    opposite = [replace(example, label=1 - example.label) for example in examples]
    fresh, reused = train(opposite, config), train(opposite, config, work=work)
    assert right(reused.critic, UNSEEN) == right(fresh.critic, UNSEEN) < 0.5


def test_fine_tuning_is_measured_against_a_probe_of_the_same_labels(config, examples, monkeypatch):
    """A probe of nine tenths of the labels must not be what beats fine-tuning on half of them."""
    fitted = []

    def fit(features, labels, *rest):
        fitted.append(len(labels))
        return fit_probe(features, labels, *rest)

    monkeypatch.setattr("sentiment.core.training.train.fit_probe", fit)
    config = replace(config, method="finetune", layers=3, folds=10, finetune_folds=2, tuning=Tuning(epochs=1))
    train(examples, config)
    half = len(examples) // 2
    assert fitted.count(half) == 4, "start and rival, in each of two folds"


def test_the_card_of_a_second_training_holds_that_of_the_first(config, examples, tmp_path):
    first = train(examples, replace(config, layers=2))
    save(first.critic, tmp_path / "first", first.card | {"report": {}, "label_ids": []})
    start = train(examples, replace(config, base=str(tmp_path / "first"))).card["start"]
    assert start["labels_sha256"] == first.card["labels_sha256"]
    assert start["version"] == fingerprint(tmp_path / "first")
    assert "report" not in start
