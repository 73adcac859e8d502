"""An annotator learns from what people found, and from what another did, without its text being kept."""

import argparse
import json
from pathlib import Path

import numpy as np
import pytest

from sentiment.core.corpus.data import DataError, Example, write_examples
from sentiment.core.critic.annotator import Annotator
from sentiment.core.critic.aspects import ASPECTS
from sentiment.core.critic.checkpoints import load_annotator, save
from sentiment.core.critic.classifier import Critic
from sentiment.core.recipe import annotator_commands, findings
from sentiment.core.recipe.annotating import teach
from sentiment.core.recipe.findings import Findings
from sentiment.core.recipe.lessons import Lesson, from_findings, from_reading
from sentiment.core.training.finetuning import Tuning
from tests.tiny import tiny_annotator

MUSIC, STORY = ASPECTS.index("music"), ASPECTS.index("story")
TEXT = "The cast was lovely. The plot is bad. It was a film."


def reading(text: str = TEXT, split: str = "learn") -> dict[str, object]:
    """What gold writes of a review that faults its story, and in the same words decides."""
    start = text.index("The plot")
    return {
        "text": text,
        "split": split,
        "label": "negative",
        "aspects": {"story": "negative", "acting": "mixed"},
        "judgements": {
            "story": {"polarity": "-", "start": start, "end": start + 15},
            "acting": {"polarity": "mixed", "start": 0, "end": 19},
        },
        "decisive": [[start, start + 16]],
    }


@pytest.fixture
def annotator(base_folder: Path) -> Annotator:
    return tiny_annotator(base_folder)


def lesson_of(annotator: Annotator, row: dict[str, object]) -> Lesson:
    (encoded,) = annotator.text_encoder.encode([str(row["text"])])
    return from_reading(row, encoded)


def test_a_sentence_judges_what_its_words_do_and_of_others_nobody_says(annotator):
    lesson = lesson_of(annotator, reading())
    assert lesson.judges[1, STORY] == 1
    assert np.isnan(lesson.judges[[0, 2], STORY]).all()
    assert (lesson.judges[:, MUSIC] == 0).all()
    assert lesson.review[[STORY, MUSIC]].tolist() == [1, 0]
    assert lesson.decisive.tolist() == [0, 1, 0]


def test_polarity_is_learnt_where_it_is_one_of_two(annotator):
    lesson = lesson_of(annotator, reading())
    assert lesson.weight[1, STORY] == 1 > lesson.favours[1, STORY]
    assert lesson.weight[:, ASPECTS.index("acting")].sum() == 0


def test_of_a_row_that_names_no_sentence_the_review_is_learnt(annotator):
    row = {"text": TEXT, "aspects": {"story": "negative"}}
    lesson = lesson_of(annotator, row)
    assert np.isnan(lesson.judges[:, STORY]).all()
    assert (lesson.review[STORY], lesson.review_favours[STORY]) == (1, 0)
    assert not lesson.decisive.any()


def test_what_was_not_read_teaches_nothing(annotator):
    text = "The cast was lovely. " + "It was a film. " * 8 + "The plot is bad."
    lesson = lesson_of(annotator, reading(text))
    annotator.text_encoder.max_tokens = 12
    annotator.text_encoder.head_share = 1.0
    assert lesson_of(annotator, reading(text)).decisive.sum() == 0 < lesson.decisive.sum()


def test_it_learns_what_it_is_taught(annotator):
    texts = ["The plot is bad. It was a film.", "It was a film. The plot is bad.", "The cast was it. The plot is bad."]
    lessons = [lesson_of(annotator, reading(text) | {"aspects": {"story": "negative"}}) for text in texts]
    teach(
        annotator,
        lessons,
        Tuning(learning_rate=1e-3, heads=10.0, epochs=80, batch_size=3, dropout=False),
        lambda *_: None,
    )
    (found,) = annotator_commands.annotate(annotator, ["It is a film. The plot is bad. It was it."])
    assert found.votes[:, STORY].argmax() == found.votes[:, len(ASPECTS)].argmax() == 1
    assert found.votes[1, STORY] > 0 > found.polarity[1, STORY]
    assert found.votes[:, MUSIC].max() < 0


def a_finding(sentences: int) -> Findings:
    chance = np.random.default_rng(sentences)
    decisive = chance.random(sentences).astype(np.float32)
    judges = chance.random((sentences, len(ASPECTS))).astype(np.float32) * (chance.random((sentences, 1)) > 0.5)
    return Findings(judges, chance.random((sentences, len(ASPECTS))).astype(np.float32), decisive / decisive.sum())


def test_findings_are_kept_without_text_and_come_back(tmp_path):
    examples = [Example("The plot is bad. Bad.", None, identity="a"), Example("Good.", None, identity="b")]
    kept = [(examples[0], a_finding(2)), (examples[1], a_finding(1))]
    findings.keep(tmp_path / "f.npz", kept)
    assert b"plot" not in (tmp_path / "f.npz").read_bytes()
    back = list(findings.read(tmp_path / "f.npz", {each.identity: each for each in examples}))
    for (example, wanted), (of, found) in zip(kept, back, strict=True):
        assert of is example
        assert found.judges == pytest.approx(wanted.judges, abs=0.003)
        assert found.decisive == pytest.approx(wanted.decisive, abs=0.003)
        judged = found.judges > 0
        assert found.favours[judged] == pytest.approx(wanted.favours[judged], abs=0.003)


def test_findings_of_another_text_are_refused(tmp_path):
    example = Example("Good.", None, identity="a")
    findings.keep(tmp_path / "f.npz", [(example, a_finding(1))])
    for examples in ({}, {"a": Example("Good!", None, identity="a")}):
        with pytest.raises(DataError, match=r"f\.npz was made of a"):
            list(findings.read(tmp_path / "f.npz", examples))


def test_a_lesson_of_findings_wants_what_was_found(annotator):
    found = a_finding(3)
    (encoded,) = annotator.text_encoder.encode([TEXT])
    lesson = from_findings(TEXT, encoded, found)
    assert lesson.judges == pytest.approx(found.judges)
    assert lesson.review == pytest.approx(found.judges.max(axis=0))
    assert lesson.decisive.sum() == pytest.approx(1)


def run(*arguments: object) -> None:
    parser = argparse.ArgumentParser()
    annotator_commands.add_commands(parser.add_subparsers(required=True))
    options = parser.parse_args([str(argument) for argument in arguments])
    options.run(options)


def test_the_commands_make_an_annotator_of_one_that_people_taught(base_folder, critic: Critic, tmp_path, capsys):
    gold, demo, data = (tmp_path / name for name in ("gold.jsonl", "demo.jsonl", "imdb.jsonl"))
    gold.write_text(
        "".join(f"{json.dumps(reading(split=split))}\n" for split in ("learn", "learn", "validation", "test"))
    )
    demo.write_text(json.dumps({"text": TEXT, "split": "seed", "aspects": {"story": "negative"}}) + "\n")
    rows = [Example(f"The film {n} was good. Bad.", None, split="unlabelled", identity=f"{n}") for n in range(5)]
    write_examples(data, [*rows, Example("Held out.", 1, split="heldout", identity="h")])
    people = "--gold", gold, "--demo", demo, "--epochs", 1, "--max-tokens", 34
    large, small, found = tmp_path / "large", tmp_path / "small", tmp_path / "found.npz"
    run("annotator", *people, "--start", base_folder, "--layers", 3, "--work", tmp_path / "work", "--output", large)
    run("find", "--annotator", large, "--data", data, "--texts", 9, "--output", found)
    save(critic, tmp_path / "critic", {})
    both = "--data", data, "--findings", found
    beginning = "--start", tmp_path / "critic", "--layers", 1
    run("annotator", *people, *both, *beginning, "--work", tmp_path / "work2", "--output", small)
    said = capsys.readouterr().out
    assert "3 layers, 3 texts" in said
    assert "5 texts" in said
    assert "1 layers, 8 texts" in said
    assert load_annotator(small).layers == 1
    assert json.loads((small / "card.json").read_text())["found_by_another"] == 5
    assert json.loads((small / "manifest.json").read_text())["aspects"] == list(ASPECTS)
    with pytest.raises(DataError, match="--data"):
        run("annotator", *people, "--findings", found, *beginning, "--work", tmp_path, "--output", tmp_path / "other")
