"""The shipped critic's card: everything that it was made from, and what was measured of it."""

import json
from dataclasses import replace

import pytest

from sentiment.core.__main__ import main
from sentiment.core.corpus.data import Example, read_examples, write_examples
from sentiment.core.critic.checkpoints import load, read_card, save
from sentiment.core.critic.scorer import Scorer
from sentiment.core.measuring import report
from sentiment.core.training.train import TrainConfig, train


def rows(split: str, first: int, opinions: str) -> list[Example]:
    return [
        Example(f"the {what} was {word}", int(word in "good lovely"), f"film {i}", split=split, identity=f"{split}/{i}")
        for i, (what, word) in enumerate(
            ((what, word) for what in ("film", "plot", "cast") for word in opinions.split()), first
        )
    ]


@pytest.fixture
def data(tmp_path):
    labelled = rows("seed", 0, "good lovely bad dull") + rows("train", 20, "good lovely bad awful")
    write_examples(tmp_path / "data.jsonl", labelled + rows("heldout", 40, "good lovely bad boring"))
    demo = [{"text": "the cast was not bad", "label": 1, "split": "heldout", "hard": ["negation"]}] * 6
    (tmp_path / "demo.jsonl").write_text("\n".join(map(json.dumps, demo)))
    return tmp_path / "data.jsonl"


@pytest.fixture
def student(base_folder, tmp_path):
    """A critic that learnt from one that learnt from the seed rows."""
    result = train(
        rows("seed", 0, "good lovely bad dull"), TrainConfig(base=str(base_folder), layers=1, max_tokens=32, folds=3)
    )
    save(result.critic, tmp_path / "student", {"texts": 60, "teachers": [result.card], "start": {"texts": 30}})
    return tmp_path / "student"


def ship(student, data, tmp_path) -> int:
    options = ["--critic", student, "--data", data, "--demo", tmp_path / "demo.jsonl", "--output", tmp_path / "shipped"]
    return main(["ship", *map(str, options)])


def test_the_card_names_every_label_the_terms_and_what_was_measured(student, data, tmp_path, base_folder):
    assert ship(student, data, tmp_path) == 0
    card = read_card(tmp_path / "shipped")
    assert card["labels"] == {"negative": 6, "positive": 6}
    assert card["labels_are"] == "12 star-derived labels"
    assert card["label_ids"] == sorted(f"seed/{i}" for i in range(12))
    assert card["read_without_labels"] == 60
    assert "do not clearly permit commercial use" in card["terms"]
    assert card["licences"].keys() == {str(base_folder)}
    assert card["report"]["test"]["n"] == 12
    assert card["report"]["demo"]["negation"]["n"] == 6
    assert card["report"]["memorisation"]["seen"] == 12
    rows = card["report"]["nb_svm"]["demo_rows"]
    assert {*rows["only_critic_right"], *rows["only_nb_svm_right"]} <= set(range(1, 7))
    assert card["made"]["teachers"][0]["config"]["base"] == str(base_folder)


def test_what_is_shipped_reads_as_what_was_judged(student, data, tmp_path):
    assert ship(student, data, tmp_path) == 0
    texts = ["the film was good", "the plot was dull"]
    before, after = (Scorer.load(each, "cpu").predict(texts) for each in (student, tmp_path / "shipped"))
    assert before == after
    assert load(student).temperature == load(tmp_path / "shipped").temperature


def test_the_report_says_in_tables_and_a_figure_what_the_card_says(student, data, tmp_path, capsys):
    options = [
        "--critic",
        student,
        "--data",
        data,
        "--demo",
        tmp_path / "demo.jsonl",
        "--figure",
        tmp_path / "img" / "c",
    ]
    assert main(["report", *map(str, options)]) == 0
    printed = capsys.readouterr().out
    assert "of 12 reviews of 12 films" in printed
    assert "| negation |" in printed
    assert "NB-SVM from the same labels" in printed
    assert {path.name for path in (tmp_path / "img").iterdir()} == {"c.png", "c.svg"}


def test_a_critic_of_other_labels_is_not_shipped(student, data, tmp_path, capsys):
    write_examples(data, rows("seed", 0, "good lovely bad awful"))
    assert ship(student, data, tmp_path) == 1
    assert "was not made from the 12 seed rows" in capsys.readouterr().err
    assert not (tmp_path / "shipped").exists()


def test_a_critic_that_started_from_one_of_other_labels_is_not_shipped(data, base_folder, tmp_path, capsys):
    config = TrainConfig(base=str(base_folder), layers=1, max_tokens=32, folds=3)
    other = train(rows("train", 20, "good lovely bad awful"), config)
    save(other.critic, tmp_path / "other", other.card)
    own = train(rows("seed", 0, "good lovely bad dull"), replace(config, base=str(tmp_path / "other"), layers=None))
    save(own.critic, tmp_path / "student", own.card)
    assert ship(tmp_path / "student", data, tmp_path) == 1
    assert "alone" in capsys.readouterr().err


def test_a_critic_that_sees_as_one_of_other_labels_does_is_not_shipped(data, base_folder, tmp_path, capsys):
    config = TrainConfig(base=str(base_folder), layers=1, max_tokens=32, folds=3)
    other = train(rows("train", 20, "good lovely bad awful"), config)
    own = train(rows("seed", 0, "good lovely bad dull"), config)
    save(own.critic, tmp_path / "student", own.card | {"start": {"taught_by": other.card}})
    assert ship(tmp_path / "student", data, tmp_path) == 1
    assert "alone" in capsys.readouterr().err


def test_memorisation_is_told_by_texts_that_no_step_has_read(student, data, tmp_path, monkeypatch):
    compared = []
    monkeypatch.setattr(report, "membership", lambda *given: compared.append(given) or {})
    found = report.report(Scorer.load(student), read_examples(data), read_examples(tmp_path / "demo.jsonl"))
    assert found["memorisation"] == {}
    (_, _, unseen, _), heldout = compared[0], rows("heldout", 40, "good lovely bad boring")
    expected = {p.positive for p in Scorer.load(student).predict([each.text for each in heldout])}
    assert {*unseen.tolist()} <= expected
