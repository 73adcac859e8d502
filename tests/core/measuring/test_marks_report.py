"""Marks are compared with what readers call decisive, and counted."""

import argparse
import json

import numpy as np
import pytest

from sentiment.core.corpus.data import DataError
from sentiment.core.critic.checkpoints import save, save_annotator
from sentiment.core.critic.evidence import Sentence
from sentiment.core.critic.marks import Mark
from sentiment.core.critic.mentions import Mention
from sentiment.core.critic.scorer import Prediction
from sentiment.core.measuring import commands
from sentiment.core.measuring.marks_report import in_markdown, marked, report
from tests.tiny import tiny_annotator


def prediction(marks: tuple[Mark, ...], mentions: tuple[Mention, ...] = ()) -> Prediction:
    """Of three sentences of ten, ten and twenty characters, the last with the largest share."""
    read = tuple(Sentence(*span, share, True) for span, share in (((0, 10), 0.1), ((11, 21), 0.2), ((22, 42), 3.0)))
    return Prediction(0.9, "critic", 0.9, 3.3, 0.0, read, mentions, marks, np.zeros(4, np.float16))


def test_the_strongest_mark_is_right_where_readers_named_that_sentence():
    right, wrong = prediction((Mark(0, True, 1.0), Mark(2, True, 2.0))), prediction((Mark(1, True, 1.0),))
    found = report([right, wrong, wrong], [[[2, 8]], [[0, 10]], []])
    assert (found["texts"], found["read_by_people"]) == (3, 2)
    assert found["mark"]["decisive"] == 0.5
    assert found["first"]["decisive"] == 1
    assert found["share"]["decisive"] == found["effect"]["decisive"] == found["last"]["decisive"] == 0
    assert found["random"]["decisive"] == pytest.approx(1 / 3)
    assert "| mark | 50.0%" in in_markdown(found)


def test_marks_and_what_they_contradict_are_counted():
    said = Mention(0, "music", 0.1), Mention(1, "story", 0.9)
    found = marked(
        [prediction((Mark(0, True, 1.0), Mark(1, True, 1.0)), said), prediction((Mark(0, False, 1.0),)), prediction(())]
    )
    assert found["marks"] == 1
    assert found["part"] == pytest.approx((0.5 + 0.25) / 3)
    assert (found["unmarked"], found["both_signs"], found["contradicted"]) == (pytest.approx(1 / 3), 0, 0.5)


def test_where_nobody_named_decisive_sentences_marks_are_counted_alone():
    found = report([prediction((Mark(0, True, 1.0),))], [[]])
    assert found.keys() == {"texts", "marked"}
    assert in_markdown(found).startswith("1 texts: 1.00 marks a text")
    with pytest.raises(DataError, match="no text"):
        report([], [])


def test_the_command_reads_with_an_annotator(critic, base_folder, tmp_path, capsys):
    save(critic, tmp_path / "critic", {})
    save_annotator(tiny_annotator(base_folder), tmp_path / "annotator", {})
    data = tmp_path / "gold.jsonl"
    row = {"text": "The film was good. The plot was bad.", "split": "test", "decisive": [[0, 18]]}
    data.write_text("".join(json.dumps(row | {"split": split}) + "\n" for split in ("test", "learn", "test")))
    parser = argparse.ArgumentParser()
    commands.add_commands(parser.add_subparsers(required=True))
    asked = "marks", "--critic", tmp_path / "critic", "--annotator", tmp_path / "annotator", "--data", data, "--json"
    options = parser.parse_args([str(each) for each in asked])
    options.run(options)
    assert json.loads(capsys.readouterr().out)["texts"] == 2
    data.write_text('{"text": "Good."}\n')
    with pytest.raises(DataError, match="line 1: no text and split"):
        options.run(options)
