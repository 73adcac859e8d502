"""An annotator is whatever reads it the same, whole on disk, and what it finds is told of sentences as they stand."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from sentiment.core.critic.annotations import DECISIVE, NONE, OUTPUTS, by_sentence, owners
from sentiment.core.critic.annotator import Annotator, pooled
from sentiment.core.critic.aspects import ASPECTS
from sentiment.core.critic.bases import resolve_base
from sentiment.core.critic.checkpoints import CheckpointError, load, load_annotator, save_annotator
from sentiment.core.critic.classifier import Critic
from sentiment.core.critic.engines import annotator_engine_for
from sentiment.core.critic.scorer import Scorer
from sentiment.core.text import sentence_spans
from tests.tiny import tiny_annotator

TEXTS = ["The film was good. The plot was dull.", "", "bad", "It is not dull, but the cast was awful. " * 5]


@pytest.fixture
def annotator(base_folder: Path) -> Annotator:
    return tiny_annotator(base_folder)


def test_what_is_saved_is_loaded_and_nothing_else(annotator: Annotator, critic: Critic, tmp_path: Path) -> None:
    identity = save_annotator(annotator, tmp_path / "annotator", {"made": "for a test"})
    loaded = load_annotator(tmp_path / "annotator")
    assert len(identity) == 64
    batch = annotator.text_encoder.collate(annotator.text_encoder.encode(TEXTS))
    with torch.inference_mode():
        assert torch.allclose(loaded(batch), annotator(batch), atol=0.02)
    with pytest.raises(CheckpointError, match="labels"):
        load(tmp_path / "annotator")
    with pytest.raises(CheckpointError, match="exists already"):
        save_annotator(annotator, tmp_path / "annotator", {})
    weights = tmp_path / "annotator" / "weights.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"x")
    with pytest.raises(CheckpointError, match="damaged"):
        load_annotator(tmp_path / "annotator")


def test_one_that_judges_other_aspects_is_refused(annotator: Annotator, tmp_path: Path) -> None:
    save_annotator(annotator, tmp_path / "annotator", {})
    manifest = tmp_path / "annotator" / "manifest.json"
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"aspects": ["costumes"]}))
    with pytest.raises(CheckpointError, match="costumes"):
        load_annotator(tmp_path / "annotator")


def test_tokens_are_pooled_alike_for_reading_and_for_learning() -> None:
    chance = np.random.default_rng(0)
    outputs = chance.normal(0, 3, (12, OUTPUTS)).astype(np.float32)
    # The third of five sentences was not read.
    owner = np.array([0, 0, 0, 1, 1, 1, 1, 3, 4, 4, 4, 4])
    votes, polarity = by_sentence(outputs, owner, 5)
    learnt = pooled(torch.from_numpy(outputs), torch.from_numpy(owner), 5)
    read = [0, 1, 3, 4]
    assert np.allclose(votes[read], learnt[0].numpy()[read], atol=1e-4)
    assert np.allclose(polarity[read], learnt[1].numpy()[read], atol=1e-4)
    assert (votes[2] == NONE).all()


def test_a_sentence_is_no_more_of_one_by_its_length() -> None:
    outputs = np.zeros((10, OUTPUTS), np.float32)
    votes = by_sentence(outputs, np.array([0] + [1] * 9), 2).votes
    assert votes[1, 0] - votes[0, 0] == pytest.approx(0.5 * np.log(9))


def test_a_text_without_tokens_has_no_votes() -> None:
    assert by_sentence(np.zeros((0, OUTPUTS), np.float32), np.array([], dtype=np.intp), 0).votes.shape == (0, 11)


def test_tokens_belong_to_the_sentence_in_which_they_start() -> None:
    starts = np.array([0, 4, 9, 12, 20, 30])
    assert owners([(0, 10), (12, 25), (28, 40)], starts, 6, 0).tolist() == [0, 0, 0, 1, 1, 2]
    assert owners([(0, 10), (12, 25), (28, 40)], starts, 2, 1).tolist() == [0, 0, 2]


def test_openvino_and_torch_agree(annotator: Annotator) -> None:
    batch = annotator.text_encoder.collate(annotator.text_encoder.encode(TEXTS))
    attended = batch.attention_mask.bool().numpy()
    one, other = (annotator_engine_for(annotator, name).annotate(batch)[attended] for name in ("torch", "openvino"))
    assert one.shape[-1] == OUTPUTS
    assert other == pytest.approx(one, abs=0.05 * float(one.std()))


@pytest.mark.parametrize("engine", ["torch", "openvino"])
def test_a_text_is_annotated_the_same_in_any_company(critic: Critic, annotator: Annotator, engine: str) -> None:
    scorer = Scorer(critic, "cpu", engine, annotator=annotator)
    together = scorer.predict(TEXTS)
    for text, prediction in zip(TEXTS, together, strict=True):
        (alone,) = scorer.predict([text])
        assert [mark.sentence for mark in alone.marks] == [mark.sentence for mark in prediction.marks]
        assert [each[:2] for each in alone.mentions] == [each[:2] for each in prediction.mentions]
        assert bool(prediction.marks) == bool(text)


def test_a_critic_that_cuts_texts_otherwise_has_the_same_annotations(critic: Critic, base_folder: Path) -> None:
    annotator = tiny_annotator(base_folder)
    annotator.text_encoder.max_tokens = 20
    texts = [TEXTS[3], TEXTS[0]]
    critic_encoded = critic.text_encoder.encode(texts)
    notes = Scorer(critic, "cpu", "torch", annotator=annotator).notes(
        texts, critic_encoded, critic.text_encoder.collate(critic_encoded)
    )
    for note, of in zip(notes, annotator.text_encoder.encode(texts), strict=True):
        assert len(note.outputs) == note.head + note.tail == of.own.sum()
        assert note.head + note.tail <= 18


def test_without_an_annotator_words_find_aspects_and_nothing_is_marked(scorer: Scorer) -> None:
    (prediction,) = scorer.predict([TEXTS[0]])
    assert [mention.aspect for mention in prediction.mentions] == ["story"]
    assert prediction.marks == ()


def test_the_columns_are_those_of_the_aspects(base_folder: Path) -> None:
    annotator = Annotator(resolve_base(str(base_folder)), 1, 34)
    torch.nn.init.zeros_(annotator.votes.weight)
    torch.nn.init.zeros_(annotator.polarity.weight)
    with torch.no_grad():
        annotator.votes.bias[ASPECTS.index("music")] = 5.0
        annotator.votes.bias[DECISIVE] = 1.0
        annotator.polarity.bias.fill_(-5.0)
    critic = Critic(resolve_base(str(base_folder)), layers=1, max_tokens=34)
    (prediction,) = Scorer(critic, "cpu", "torch", annotator=annotator).predict(["The film. It was."])
    assert {(mention.sentence, mention.aspect) for mention in prediction.mentions} == {(0, "music"), (1, "music")}
    assert all(mention.positive < 0.1 for mention in prediction.mentions)
    assert len(sentence_spans("The film. It was.")) == 2
