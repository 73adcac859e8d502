import json
import subprocess
import sys

import pytest

from sentiment.core.__main__ import main
from sentiment.core.labels import verdict


@pytest.fixture
def data(tmp_path, examples):
    path = tmp_path / "data.jsonl"
    with path.open("w") as handle:
        for i, example in enumerate(examples):
            split = "heldout" if i % 5 == 0 else "seed"
            row = {"text": example.text, "label": example.label, "group": example.group, "split": split}
            handle.write(json.dumps(row) + "\n")
    return path


def run(*arguments: object) -> int:
    return main([str(argument) for argument in arguments])


def test_train_evaluate_and_score_follow_each_other(data, base_folder, tmp_path, capsys):
    critic, output = tmp_path / "critic", tmp_path / "out.jsonl"
    assert run("train", "--data", data, "--output", critic, "--base", base_folder) == 0
    assert "cross-validated: accuracy" in capsys.readouterr().out

    assert run("evaluate", "--critic", critic, "--data", data, "--json") == 0
    metrics = json.loads(capsys.readouterr().out)
    assert metrics["n"] == 8
    assert metrics["accuracy"] == 1

    assert run("score", "--critic", critic, "--input", data, "--output", output) == 0
    rows = [json.loads(line) for line in output.read_text().splitlines()]
    inputs = [json.loads(line) for line in data.read_text().splitlines()]
    assert len(rows) == len(inputs)
    for row, given in zip(rows, inputs, strict=True):
        (sentence,) = row["sentences"]
        assert (sentence["start"], sentence["end"]) == (0, len(given["text"]))
        assert row["bias"] + sentence["share"] == pytest.approx(row["logit"], abs=1e-4)
        assert row["verdict"] == verdict(row["positive"])
        assert row["verdict"] == ("negative", "positive")[given["label"]]


def test_leaving_one_out_says_what_each_sentence_was_worth(checkpoint, tmp_path):
    given, output = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    texts = ["The film was good. It was dull.", "It was dull."]
    given.write_text("\n".join(json.dumps({"text": text}) for text in texts))
    assert run("score", "--critic", checkpoint, "--input", given, "--output", output, "--leave-one-out") == 0
    both, dull = (json.loads(line) for line in output.read_text().splitlines())
    assert both["sentences"][0]["leave_one_out"] == pytest.approx(both["positive"] - dull["positive"], abs=1e-4)
    assert len(dull["sentences"]) == 1
    run("score", "--critic", checkpoint, "--input", given, "--output", output)
    assert "leave_one_out" not in json.loads(output.read_text().splitlines()[0])["sentences"][0]


def test_a_bad_line_is_named_and_nothing_is_written(checkpoint, tmp_path, capsys):
    bad, output = tmp_path / "bad.jsonl", tmp_path / "out.jsonl"
    bad.write_text('{"text": "good"}\n{"texd": "bad"}\n')
    before = sorted(tmp_path.iterdir())
    assert run("score", "--critic", checkpoint, "--input", bad, "--output", output) == 1
    assert run("train", "--data", bad, "--output", tmp_path / "new") == 1
    assert run("evaluate", "--critic", checkpoint, "--data", bad) == 1
    assert capsys.readouterr().err.count('bad.jsonl, line 2: "text" is missing') == 3
    assert sorted(tmp_path.iterdir()) == before


def test_an_existing_output_survives_a_failed_run(checkpoint, tmp_path):
    bad, output = tmp_path / "bad.jsonl", tmp_path / "out.jsonl"
    bad.write_text("oops\n")
    output.write_text("precious")
    assert run("score", "--critic", checkpoint, "--input", bad, "--output", output) == 1
    assert output.read_text() == "precious"


def test_training_refuses_a_taken_folder_before_it_reads_anything(checkpoint, tmp_path, capsys):
    assert run("train", "--data", tmp_path / "none.jsonl", "--output", checkpoint) == 1
    assert "exists already" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["evaluate", "--critic", "{critic}", "--data", "{data}", "--split", "nowhere"], "no labelled texts"),
        (["evaluate", "--critic", "{tmp}/none", "--data", "{data}"], "manifest.json cannot be read"),
        (["train", "--data", "{data}", "--output", "{tmp}/new", "--base", "bert-huge"], "Unknown base 'bert-huge'"),
        (["score", "--critic", "{critic}", "--input", "{data}", "--output", "{tmp}/no/out.jsonl"], "No such file"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(data, checkpoint, tmp_path, capsys, arguments, message):
    assert run(*(a.format(critic=checkpoint, data=data, tmp=tmp_path) for a in arguments)) == 1
    captured = capsys.readouterr()
    assert message in captured.err
    assert captured.err.count("\n") == 1
    assert captured.out == ""


def test_it_runs_as_a_module_without_noise(checkpoint, data):
    command = [
        sys.executable,
        "-W",
        "error",
        "-m",
        "sentiment.core",
        "evaluate",
        "--critic",
        checkpoint,
        "--data",
        data,
        "--json",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["n"] == 8
    assert done.stderr == ""
