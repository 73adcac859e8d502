"""An encoder that goes on guessing masked words learns how its texts run, and nothing else is changed."""

import numpy as np
import pytest
import torch

from sentiment.core.__main__ import main
from sentiment.core.corpus.data import Example, write_examples
from sentiment.core.critic.bases import resolve_base
from sentiment.core.critic.checkpoints import load, read_card
from sentiment.core.critic.classifier import Critic
from sentiment.core.recipe.pretraining import _Guesser, _masked, pretrain
from sentiment.core.training.finetuning import Tuning
from sentiment.core.training.train import TrainConfig, train

TEXTS = [
    f"the {noun} was {word} and it is {word}" for noun in ("film", "cast", "plot") for word in ("good", "dull")
] * 20
QUICK = Tuning(learning_rate=3e-3, epochs=12, dropout=False)


@pytest.fixture(autouse=True)
def mask(monkeypatch):
    """The small base's tokenizer has no mask of its own; none of the texts has this one of its tokens."""
    monkeypatch.setattr("sentiment.core.critic.encoding.MASKS", ("9",))


@pytest.fixture
def base(base_folder):
    return Critic(resolve_base(str(base_folder)), layers=2, max_tokens=20)


def test_pieces_hold_every_word_once_and_are_all_of_full_length(base):
    pieces = base.text_encoder.pieces(TEXTS)
    assert {len(piece.ids) for piece in pieces} == {20}
    words = np.concatenate([piece.ids[piece.own] for piece in pieces])
    expected = np.concatenate([[*e.ids[e.own], e.ids[-1]] for e in base.text_encoder.encode(TEXTS)])
    assert words.tolist() == expected[: len(words)].tolist()
    assert len(expected) - len(words) < 18


def test_what_is_guessed_is_hidden_and_nothing_else_is_touched(base):
    batch = base.text_encoder.collate(base.text_encoder.pieces(TEXTS))
    torch.manual_seed(0)
    shown, places, wanted = _masked(batch, 4, base.text_encoder.mask_id, 60)
    assert torch.equal(batch.input_ids.gather(1, places), wanted)
    assert batch.own.gather(1, places).all(), "special tokens are never hidden"
    assert torch.equal(shown.scatter(1, places, wanted), batch.input_ids)
    hidden = (shown.gather(1, places) == base.text_encoder.mask_id).float().mean()
    assert 0.7 < hidden < 0.9


def test_masked_words_are_guessed_better_afterwards(base):
    before = base.encoder.get_input_embeddings().weight.clone()
    losses = []

    def report(done, message):
        if done in (first, 1.0):
            losses.append(guessing_loss(base))

    first = 1 / (12 * len(range(0, len(base.text_encoder.pieces(TEXTS)), 16)))
    pretrain(base, TEXTS, QUICK, report)
    assert losses[-1] < 0.8 * losses[0]
    assert not torch.equal(before, base.encoder.get_input_embeddings().weight)
    assert not base.head.weight.any()


def guessing_loss(critic) -> float:
    """How badly a linear layer, fitted here, tells a hidden word from the encoder's state at its place."""
    batch = critic.text_encoder.collate(critic.text_encoder.pieces(TEXTS))
    with torch.random.fork_rng():
        torch.manual_seed(1)
        shown, places, wanted = _masked(batch, 4, critic.text_encoder.mask_id, 60)
    with torch.no_grad():
        states = critic.encoder(input_ids=shown, attention_mask=batch.attention_mask).last_hidden_state
        at = states.gather(1, places.unsqueeze(-1).expand(-1, -1, 32)).flatten(0, 1)
        design = torch.cat([at, torch.ones(len(at), 1)], dim=1)
        targets = torch.nn.functional.one_hot(wanted.flatten()).float()
        left = targets - design @ torch.linalg.lstsq(design, targets).solution
    return float(left.pow(2).sum() / (targets - targets.mean(dim=0)).pow(2).sum())


def test_words_share_their_vectors_with_the_encoder(base):
    guesser = _Guesser(base)
    assert guesser.words is base.encoder.get_input_embeddings().weight


def test_a_tokenizer_without_a_mask_or_too_few_texts_are_refused_in_a_sentence(
    base_folder, tmp_path, monkeypatch, capsys
):
    write_examples(tmp_path / "texts.jsonl", [Example("good", None, split="train")])
    options = ["--data", tmp_path / "texts.jsonl", "--texts", 1, "--work", tmp_path, "--output", tmp_path / "made"]
    command = [str(each) for each in ["pretrain", *options, "--start", base_folder, "--max-tokens", 20]]
    assert main(command) == 1
    assert "do not fill one piece of 20 tokens" in capsys.readouterr().err
    monkeypatch.setattr("sentiment.core.critic.encoding.MASKS", ("<none>",))
    assert main(command) == 1
    assert "cannot guess words: its tokenizer has none of" in capsys.readouterr().err
    assert not (tmp_path / "made").exists()


def test_the_command_makes_a_base_to_train_from_and_its_card_says_from_what(base_folder, examples, tmp_path):
    write_examples(
        tmp_path / "texts.jsonl", (Example(f"{text} {i}", None, split="train") for i, text in enumerate(TEXTS))
    )
    options = [
        "--data",
        tmp_path / "texts.jsonl",
        "--texts",
        100,
        "--work",
        tmp_path / "work",
        "--output",
        tmp_path / "made",
    ]
    more = ["--start", base_folder, "--layers", 2, "--max-tokens", 20, "--epochs", 1]
    assert main([str(each) for each in ["pretrain", *options, *more]]) == 0
    card = read_card(tmp_path / "made")
    assert (card["base"], card["texts"], card["masked"]) == (str(base_folder), 100, 0.2)
    made = load(tmp_path / "made")
    assert (made.layers, made.text_encoder.max_tokens, made.head.weight.any().item()) == (2, 20, False)
    trained = train(examples, TrainConfig(base=str(tmp_path / "made"), folds=3, repeats=1))
    assert trained.card["start"]["texts"] == 100
