"""The three commands with the real packaged MiniLM, taught in seconds by the demo corpus."""

import argparse
import json
from pathlib import Path

import pytest

import sentiment
from sentiment.core.corpus.data import DataError, read_examples
from sentiment.core.critic.checkpoints import save
from sentiment.core.critic.mentions import WEIGHTS
from sentiment.core.measuring import commands
from sentiment.core.training.train import TrainConfig, train

DEMO = Path(sentiment.__file__).parent / "demo" / "reviews.jsonl"


@pytest.fixture(scope="module")
def probe(tmp_path_factory) -> Path:
    result = train(read_examples(DEMO, "seed"), TrainConfig(layers=4, repeats=1))
    folder = tmp_path_factory.mktemp("probe") / "critic"
    save(result.critic, folder, result.card)
    return folder


@pytest.fixture(scope="module")
def some_rows(tmp_path_factory) -> Path:
    """Of the demo corpus the rows to learn from and 200 others."""
    lines = DEMO.read_text("utf-8").splitlines()
    learnt = [line for line in lines if json.loads(line)["split"] == "seed"]
    others = [line for line in lines if json.loads(line)["split"] != "seed"]
    path = tmp_path_factory.mktemp("rows") / "rows.jsonl"
    path.write_text("\n".join([*learnt[:200], *others[:200]]) + "\n", "utf-8")
    return path


def run(*arguments: object) -> None:
    parser = argparse.ArgumentParser()
    commands.add_commands(parser.add_subparsers(required=True))
    options = parser.parse_args([str(argument) for argument in arguments])
    options.run(options)


def test_words_alone_find_and_read_aspects_as_well_as_promised(probe, some_rows, capsys):
    run("aspects", "--words", "--critic", probe, "--data", some_rows, "--json")
    found = json.loads(capsys.readouterr().out)
    assert found["reviews"] == 200
    assert found["judged"]["macro_f1"] >= 0.70
    polarity = found["polarity"]
    assert polarity["accuracy"] >= 0.90
    assert polarity["accuracy"] > max(polarity["same_as_review"], polarity["always_positive"])
    assert polarity["against_review"]["accuracy"] >= 0.80
    means = {name: of["polarity"]["accuracy"] for name, of in found["means"].items()}
    assert means["words and critic"] > means["critic alone"]
    assert "annotator alone" not in means


def test_the_weights_can_be_learnt_anew(probe, some_rows, tmp_path, monkeypatch, capsys):
    kept = tmp_path / "mentions.json"
    kept.write_bytes(WEIGHTS.read_bytes())
    monkeypatch.setattr(commands, "WEIGHTS", kept)
    few = tmp_path / "few.jsonl"
    few.write_text("\n".join(some_rows.read_text("utf-8").splitlines()[140:220]) + "\n", "utf-8")
    run("aspects", "--words", "--critic", probe, "--data", few, "--fit")
    assert json.loads(kept.read_text())["words"]["reviews"] == 60
    assert "macro-F1" in capsys.readouterr().out


def test_without_rows_to_learn_from_or_to_judge_on_it_says_so(probe, tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text('{"text": "Good music.", "split": "seed", "aspects": {"music": "positive"}}\n')
    with pytest.raises(DataError, match="others to judge"):
        run("aspects", "--critic", probe, "--data", path)


def test_even_a_probe_passes_the_robust_kinds(probe, capsys):
    run("behaviour", "--critic", probe, "--json")
    kinds = json.loads(capsys.readouterr().out)["kinds"]
    assert kinds["html"]["failed"] == []
    assert kinds["emoji"]["as_expected"] >= 8
    assert kinds["very_short"]["as_expected"] >= 10
    assert kinds["very_long"]["as_expected"] >= 7
    assert kinds["negation"]["as_expected"] >= 7


def test_its_shares_are_more_faithful_than_chance_or_length(probe, tmp_path, capsys):
    texts = [e for e in read_examples(DEMO, "unlabelled") if e.split == "unlabelled" and e.text.count(".") > 4][:40]
    path = tmp_path / "texts.jsonl"
    path.write_text("".join(json.dumps({"text": e.text, "split": "unlabelled"}) + "\n" for e in texts))
    run("faithfulness", "--critic", probe, "--data", path, "--texts", 25, "--json")
    found = json.loads(capsys.readouterr().out)
    assert found["texts"] == 25
    fall = {name: method["falls"][0]["mean"] for name, method in found["methods"].items()}
    assert fall["share"] > max(2 * abs(fall["random"]), 2 * abs(fall["longest"]))
    assert fall["leave_one_out"] >= fall["share"]
    assert found["rank_agreement"]["share"]["low"] > 0.3
