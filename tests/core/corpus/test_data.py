import json
from pathlib import Path

import pytest

from sentiment.core.corpus.data import DataError, Example, digest, labels_of, read_examples, read_texts


def jsonl(path: Path, *rows: object) -> Path:
    path.write_text("".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows))
    return path


def test_demo_rows_bring_film_stars_and_split(tmp_path):
    row = {"imdb_id": "tt0064665", "stars": 2.0, "label": "negative", "text": "Dreary.", "split": "seed", "hard": []}
    assert read_examples(jsonl(tmp_path / "demo.jsonl", row)) == [Example("Dreary.", 0, "tt0064665", 2.0, "seed")]


def test_plain_rows_need_only_text_and_label(tmp_path):
    path = jsonl(
        tmp_path / "plain.jsonl", {"text": "Fine", "label": "positive"}, {"text": "So so", "label": 0}, {"text": "?"}
    )
    assert read_examples(path) == [Example("Fine", 1), Example("So so", 0), Example("?", None)]


def test_a_split_leaves_out_rows_of_other_splits_only(tmp_path):
    rows = [{"text": split, "label": 1, "split": split} for split in ("seed", "heldout", "unlabelled")]
    path = jsonl(tmp_path / "splits.jsonl", *rows, {"text": "none named", "label": 1})
    assert [example.text for example in read_examples(path, "seed")] == ["seed", "none named"]


@pytest.mark.parametrize(
    "bad",
    [
        "{",
        "[]",
        "",
        '{"label": "positive"}',
        '{"text": 5}',
        '{"text": "a", "label": "good"}',
        '{"text": "a", "label": true}',
        '{"text": "a", "label": 2}',
        '{"text": "a", "stars": "five"}',
        '{"text": "a", "imdb_id": 7}',
        "[" * 100_000,
    ],
)
def test_a_bad_line_is_named_by_file_and_number(tmp_path, bad):
    path = jsonl(tmp_path / "bad.jsonl", {"text": "a", "label": 1}, bad)
    with pytest.raises(DataError, match=r"bad\.jsonl, line 2: \S"):
        read_examples(path)


def test_a_line_that_is_not_utf8_is_named(tmp_path):
    path = tmp_path / "latin.jsonl"
    path.write_bytes('{"text": "caf\u00e9"}\n'.encode("latin-1"))
    with pytest.raises(DataError, match=r"latin\.jsonl, line 1"):
        read_texts(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(DataError, match=r"none\.jsonl: No such file"):
        read_texts(tmp_path / "none.jsonl")


def test_line_breaks_inside_a_text_do_not_break_the_file_into_lines(tmp_path):
    path = tmp_path / "breaks.jsonl"
    path.write_bytes('\ufeff{"text": "one\u2028two\u0085three"}\r\n{"text": "four"}'.encode())
    assert read_texts(path) == ["one\u2028two\u0085three", "four"]


def test_unlabelled_texts_are_refused_where_labels_are_needed():
    with pytest.raises(DataError, match="1 of 2 texts have no label"):
        labels_of([Example("a", 1), Example("b", None)])


def test_digest_is_the_sha256_of_the_utf8_text():
    assert digest("é") == "4a99557e4033c3539de2eb65472017cad5f9557f7a0625a09f1c3f6e2ba69c4c"
    assert digest("\ud800") != digest("?")
