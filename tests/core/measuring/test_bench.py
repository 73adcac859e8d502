import argparse
import json
from pathlib import Path

import pytest

from sentiment.core.corpus.data import DataError, Example
from sentiment.core.measuring import bench

EXAMPLES = [Example("The film was good.", 1), Example("The plot was bad. " * 3, 0), Example("A cast.", None)] * 4


def options(*arguments: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    bench.add_options(parser)
    return parser.parse_args(arguments)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    rows = [{"text": example.text} for example in EXAMPLES]
    (tmp_path / "data.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return tmp_path / "data.jsonl"


def test_engines_and_pipeline_are_measured_on_the_same_texts(checkpoint):
    found = bench.compare(checkpoint, EXAMPLES, ["openvino", "torch"], [1, 4], rounds=1)
    assert found["texts"] == len(EXAMPLES)
    assert list(found["engines"]) == ["openvino", "torch", "openvino, without annotator"]
    assert list(found["pipeline"]) == ["pipeline, batch 1", "pipeline, batch 4"]
    for name, row in found["engines"].items():
        assert row["tokens_per_second"] > 2 * row["reviews_per_second"] > 0
        assert 0 < row["single_p50_ms"] <= row["single_p95_ms"]
        assert all(0 < share < 1 for share in row["ceiling_share"].values())
        assert 0 <= row["accuracy"] <= 1
        if "without" in name:
            continue
        assert row["start_seconds"] > 0
        # What is imported depends on torch's build, with CUDA 400 MiB more; what reading needs does not.
        assert row["imported_memory_mib"] > 100
        assert 10 < row["peak_memory_mib"] - row["imported_memory_mib"] < 400
    table = bench.in_markdown(found)
    assert "| openvino | " in table
    assert "× the pipeline at its defaults" in table


def test_rivals_are_measured_where_they_are_installed(checkpoint):
    found = bench.compare(checkpoint, EXAMPLES, ["torch", *bench.RIVALS], [], rounds=1)
    assert {"torch", "torch bf16", "torch int8"} <= found["engines"].keys()
    assert found["pipeline"] == {}
    assert "| torch int8 | " in bench.in_markdown(found)


def test_cost_by_number_of_texts_is_printed_as_json(checkpoint, data, capsys):
    bench.main(options(f"--critic={checkpoint}", f"--data={data}", "--rounds=1", "--json", "--linear", "5", "50"))
    rates = json.loads(capsys.readouterr().out)["linear"]
    assert rates["5"] > 0
    assert rates["50"] > 0


def test_no_texts_is_said(checkpoint, tmp_path):
    (tmp_path / "none.jsonl").touch()
    with pytest.raises(DataError, match="no texts"):
        bench.main(options(f"--critic={checkpoint}", f"--data={tmp_path / 'none.jsonl'}"))


def test_without_a_file_the_demo_corpus_is_read_from_anywhere(checkpoint, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    bench.main(options(f"--critic={checkpoint}", "--texts=4", "--rounds=1", "--no-peer", "--json"))
    found = json.loads(capsys.readouterr().out)
    assert found["texts"] == 4
    assert found["engines"]["openvino"]["start_seconds"] > 0
