from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from sentiment.core.corpus.data import Example, write_examples
from sentiment.core.curve.report import read_rows


@pytest.fixture
def data(tmp_path) -> Path:
    said = ("the plot was dull", "the cast was lovely")
    splits = ("train", "heldout")
    rows = [
        Example(f"{said[i % 2]} {i}", i % 2, f"film {i}", split=splits[i // 10], identity=str(i)) for i in range(20)
    ]
    write_examples(tmp_path / "data.jsonl", rows)
    return tmp_path / "data.jsonl"


def test_the_command_adds_the_rows_of_missing_cells(data, tmp_path):
    options = {"csv": tmp_path / "rows.csv", "work": tmp_path / "work", "models": ["nb-svm"], "sizes": [10]}
    call_command("learning_curve", data=data, seeds=[0], **options)
    call_command("learning_curve", data=data, seeds=[0, 1], **options)
    assert [(row.size, row.seed) for row in read_rows(tmp_path / "rows.csv")] == [(10, 0), (10, 1)]


def test_what_it_cannot_run_is_said(data, tmp_path):
    with pytest.raises(CommandError, match="250 are needed"):
        call_command("learning_curve", data=data, csv=tmp_path / "rows.csv", models=["nb-svm"], sizes=[500], seeds=[0])
