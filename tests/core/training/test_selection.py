from dataclasses import replace

import numpy as np
import pytest
import torch

from sentiment.core.corpus.data import DataError, Example
from sentiment.core.critic.bases import BaseError, resolve_base
from sentiment.core.critic.checkpoints import save
from sentiment.core.critic.classifier import Critic
from sentiment.core.training.selection import extrapolated, select
from sentiment.core.training.train import TrainConfig, train


def report(fraction: float, message: str) -> None:
    """Nobody watches."""


@pytest.fixture
def config() -> TrainConfig:
    return TrainConfig(max_tokens=32, folds=3, repeats=1)


@pytest.fixture
def blind(base_folder, tmp_path) -> str:
    """A base that sees the same in every text."""
    critic = Critic(resolve_base(str(base_folder)), max_tokens=32)
    with torch.no_grad():
        for layer in critic.encoder.encoder.layer:
            layer.output.LayerNorm.weight.zero_()
    save(critic, tmp_path / "blind", {})
    return str(tmp_path / "blind")


def test_the_base_that_sees_the_labels_is_chosen(config, examples, base_folder, blind):
    for bases in ([blind, str(base_folder)], [str(base_folder), blind]):
        chosen = select(examples, bases, config, report)
        assert chosen.config == replace(config, base=str(base_folder))
        assert [candidate.base for candidate in chosen.candidates] == [str(base_folder), blind]
        assert chosen.candidates[0].accuracy > 0.8
        assert 0.3 < chosen.candidates[1].accuracy < 0.7


def test_more_labels_promise_more_where_they_did_so_far_and_never_less(config, base_folder):
    chance = np.random.default_rng(0)
    good, bad = ["good", "great", "lovely", "moving"], ["bad", "awful", "dull", "boring"]
    fill = ["the", "film", "was", "it", "plot", "cast", "ending", "a", "is", "and"]
    examples = []
    for i in range(160):
        words = [*chance.choice(fill, 8), chance.choice(good if i % 2 else bad)]
        chance.shuffle(words)
        examples.append(Example(" ".join(words), i % 2))
    outlook = select(examples, [str(base_folder)], config, report).outlook
    assert outlook.labels == tuple(sorted(outlook.labels))
    assert outlook.accuracies[0] < outlook.accuracies[-1] < outlook.doubled <= 1
    noise = [replace(example, label=int(chance.integers(2))) for example in examples]
    nothing = select(noise, [str(base_folder)], config, report).outlook
    assert nothing.accuracies[-1] <= nothing.doubled < 0.75


def test_what_cannot_be_used_is_refused(config, examples):
    with pytest.raises(BaseError, match="Unknown base"):
        select(examples, ["unheard-of"], config, report)
    with pytest.raises(DataError, match="at least 5 texts of each label"):
        select(examples[:6], ["minilm"], config, report)


def test_twice_as_many_labels_are_told_by_the_line_at_both_ends():
    def accuracy(size):
        return 1 - 0.5 * size**-0.3

    sizes = [100, 200, 400]
    now, doubled = extrapolated(sizes, [accuracy(size) for size in sizes], [500, 1000])
    assert now == pytest.approx(accuracy(500))
    assert doubled == pytest.approx(accuracy(1000))


def test_more_labels_never_promise_more_errors():
    now, doubled = extrapolated([100, 200, 400], [0.8, 0.79, 0.78], [500, 1000])
    assert now == doubled


def test_a_critic_that_knows_already_is_judged_with_what_it_knows(config, examples, base_folder, tmp_path):
    knowing = train(examples, replace(config, base=str(base_folder), layers=2))
    save(knowing.critic, tmp_path / "knowing", knowing.card)
    few = [*examples[:6], *examples[20:26]]
    chosen = select(few, [str(base_folder), str(tmp_path / "knowing")], config, report)
    assert chosen.config.base == str(tmp_path / "knowing")
    assert train(few, chosen.config).card["chosen"]["corrects_known_head"]
