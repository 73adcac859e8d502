import json
import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from sentiment.core.__main__ import main
from sentiment.core.corpus.data import DataError, Example, write_examples
from sentiment.core.curve import experiment
from sentiment.core.curve.experiment import Corpus, compare, run
from sentiment.core.curve.report import (
    IN_THE_DARK,
    PUBLISHED,
    Row,
    append_row,
    draw_figure,
    points,
    read_rows,
    shipped_point,
    tables,
)
from sentiment.core.curve_models import MODELS, SHIPPED_NAME
from sentiment.core.evaluation import evaluate, wilson_interval
from sentiment.core.training.finetuning import Tuning
from sentiment.core.training.nb_svm import Answer

DOCS = Path(__file__).parents[3] / "docs"
CELLS = [("nb-svm", size, seed) for size in (10, 20) for seed in (0, 1)]


def row(model="nb-svm", size=10, seed=0, accuracy=0.8, ece=0.02):
    low, high = wilson_interval(round(accuracy * 1000), 1000)
    return Row(model, size, seed, accuracy, low, high, ece, 1.5, "cpu", "C=1, of its own choice")


@pytest.fixture
def corpus() -> Corpus:
    """A hundred reviews, half of them held out, in which one word says much but not all."""
    rng = np.random.default_rng(0)
    telling = {0: ["bad", "dull", "awful"], 1: ["good", "great", "lovely"]}
    examples = []
    for i in range(100):
        said = i % 2 if rng.random() < 0.8 else 1 - i % 2
        text = f"review {i} : the film was {telling[said][i % 3]} ."
        split = "heldout" if i % 4 > 1 else ("seed", "train")[i % 3 // 2]
        examples.append(Example(text, i % 2, f"film {i % 20}", split=split, identity=str(i)))
    pool = [example for example in examples if example.split != "heldout"]
    heldout = [example for example in examples if example.split == "heldout"]
    return Corpus(pool, heldout, ["nobody knows", "whether it is good"])


@pytest.fixture
def data(corpus, tmp_path) -> Path:
    path = tmp_path / "data.jsonl"
    unlabelled = [Example(text, None, split="unlabelled") for text in corpus.unlabelled]
    write_examples(path, [*corpus.pool, *corpus.heldout, *unlabelled])
    return path


def figures(path):
    return [replace(each, seconds=0) for each in read_rows(path)]


def test_each_cell_is_one_row_and_the_same_again(corpus, tmp_path):
    for name in ("a.csv", "b.csv"):
        run(corpus, CELLS, tmp_path / name, tmp_path, say=lambda _: None)
    first = figures(tmp_path / "a.csv")
    assert [(each.model, each.size, each.seed) for each in first] == CELLS
    assert figures(tmp_path / "b.csv") == first
    for each in first:
        assert each.low < each.accuracy < each.high
        assert (each.low, each.high) == pytest.approx(wilson_interval(round(50 * each.accuracy), 50), abs=1e-4)


def test_what_is_there_is_not_run_again(corpus, tmp_path, monkeypatch):
    path = tmp_path / "rows.csv"
    run(corpus, CELLS[:2], path, tmp_path, say=lambda _: None)
    before = path.read_text()

    def interrupted(labelled, texts, seed):
        if len(labelled) == 20 and seed == 1:
            raise KeyboardInterrupt
        return Answer(np.full(len(texts), 0.6), "always positive")

    monkeypatch.setattr(experiment, "nb_svm", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run(corpus, CELLS, path, tmp_path, say=lambda _: None)
    assert path.read_text().startswith(before)
    assert [(each.size, each.seed) for each in read_rows(path)] == [(10, 0), (10, 1), (20, 0)]
    assert read_rows(path)[2].accuracy == 0.5
    monkeypatch.undo()
    run(corpus, CELLS, path, tmp_path, say=lambda _: None)
    assert len(read_rows(path)) == 4


def test_a_cell_that_another_process_finished_meanwhile_is_not_there_twice(corpus, tmp_path, monkeypatch):
    path = tmp_path / "rows.csv"

    def slow(labelled, texts, seed):
        append_row(path, row(size=len(labelled), seed=seed))
        return Answer(np.full(len(texts), 0.6), "too late")

    monkeypatch.setattr(experiment, "nb_svm", slow)
    run(corpus, CELLS[:1], path, tmp_path, say=lambda _: None)
    assert read_rows(path) == [row()]


def test_labels_of_what_is_judged_teach_nothing(corpus, tmp_path):
    flipped = replace(corpus, heldout=[replace(example, label=1 - example.label) for example in corpus.heldout])
    for name, each in (("right", corpus), ("wrong", flipped)):
        run(each, CELLS, tmp_path / f"{name}.csv", tmp_path, say=lambda _: None)
    right, wrong = (read_rows(tmp_path / f"{name}.csv") for name in ("right", "wrong"))
    assert [each.accuracy for each in right] == pytest.approx([1 - each.accuracy for each in wrong])
    assert [each.detail for each in right] == [each.detail for each in wrong]


def test_probe_word_vectors_and_critic_run_from_ten_labels(corpus, base_folder, tmp_path):
    path = tmp_path / "rows.csv"
    cells = [("probe", 10, 0), ("word-vectors", 10, 0), ("critic", 10, 0)]
    run(corpus, cells, path, tmp_path / "work", bases={"critic": str(base_folder)}, say=lambda _: None)
    probe, vectors, critic = read_rows(path)
    assert "layer=" in probe.detail
    assert "C=" in vectors.detail
    assert "base=" in critic.detail
    assert not list((tmp_path / "work").glob("finetune-*"))


def test_rows_of_the_critic_from_another_start_do_not_stand_for_this_one(corpus, base_folder, tmp_path, monkeypatch):
    path, bases = tmp_path / "rows.csv", {"critic": str(base_folder)}

    def again():
        run(corpus, [("critic", 10, 0)], path, tmp_path / "work", bases, say=lambda _: None)

    append_row(path, replace(row("critic"), detail="base=000000000000 rate=0.0001 epochs=4 method=probe"))
    with pytest.raises(DataError, match="another start"):
        again()
    path.unlink()
    again()
    again()
    monkeypatch.setitem(experiment.TUNINGS, "critic", Tuning(learning_rate=1e-3))
    with pytest.raises(DataError, match="another start"):
        again()


def test_two_models_are_compared_on_the_texts_they_judged(corpus, tmp_path, monkeypatch):
    labels = np.array([example.label for example in corpus.heldout])
    wrong_at = {"nb-svm": [0, 1, 2, 3, 4, 5, 6, 7], "probe": [7]}

    def reader(model):
        positive = labels.astype(float)
        positive[wrong_at[model]] = 1 - positive[wrong_at[model]]
        return lambda *_: Answer(positive, "")

    monkeypatch.setattr(experiment, "reader_of", lambda model, *_: reader(model))
    cells = [("probe", 10, 0), ("nb-svm", 10, 0), ("probe", 20, 0)]
    run(corpus, cells, tmp_path / "rows.csv", tmp_path, say=lambda _: None)
    table = compare("probe", "nb-svm", [10, 20], [0], tmp_path)
    assert table.splitlines()[2:] == ["| 10 | 0 | 7 | 0 | 0.016 |"]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("nb-svm,10,0,high,0.1,0.2,0.1,1,cpu,", "line 3: could not convert"),
        ("nb-svm,10,0,0.1", "line 3: zip"),
        ("oracle,10,0,0.1,0.1,0.2,0.1,1,cpu,", "line 3: no model is called 'oracle'"),
    ],
)
def test_a_bad_row_is_named(tmp_path, line, message):
    path = tmp_path / "rows.csv"
    append_row(path, row())
    assert read_rows(path) == [row()]
    path.write_text(path.read_text() + line + "\n")
    with pytest.raises(DataError, match=message):
        read_rows(path)


def test_another_table_is_not_taken_for_rows(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text("text,label\n")
    with pytest.raises(DataError, match="line 1: the columns must be model, size"):
        read_rows(path)


def test_a_point_spans_the_intervals_of_its_seeds():
    rows = [row(seed=0, accuracy=0.7), row(seed=1, accuracy=0.8), row(seed=2, accuracy=0.9)]
    ((point,),) = points(rows).values()
    assert point.accuracy == pytest.approx(0.8)
    assert (point.low, point.high) == (rows[0].low, rows[2].high)


def test_the_table_says_what_was_not_measured_and_what_only_in_part():
    lines = tables([row(seed=seed) for seed in range(3)] + [row("probe", size=500)]).splitlines()
    by_name = {line.split(" | ")[0]: line for line in lines[:9]}
    assert by_name["| NB-SVM"].count("not measured") == 8
    assert "80.0 (77.4–82.4)" in by_name["| NB-SVM"]
    assert "80.0 (77.4–82.4, 1 of 3 seeds)" in by_name["| probe"]
    assert by_name["| ULMFiT"].count("not measured") == 9
    assert "| 10,000 |" in lines[0]


def test_the_page_holds_the_tables_of_its_rows():
    text = (DOCS / "learning-curve.md").read_text("utf-8")
    assert tables(read_rows(DOCS / "data" / "learning-curve.csv")) in text


def test_the_rows_in_the_docs_are_each_there_once_and_of_the_published_test_set():
    rows = read_rows(DOCS / "data" / "learning-curve.csv")
    cells = [(each.model, each.size, each.seed) for each in rows]
    assert len(set(cells)) == len(cells)
    for each in rows:
        low, high = wilson_interval(round(5002 * each.accuracy), 5002)
        assert (each.low, each.high) == pytest.approx((low, high), abs=1e-4)


def test_the_figure_shows_ours_and_the_published_and_is_the_same_again(tmp_path):
    rows = [row(model, size) for model in MODELS for size in (10, 100)]
    png, svg = draw_figure(tmp_path / "new" / "curve", rows)
    assert png.read_bytes().startswith(b"\x89PNG")
    assert ElementTree.parse(svg).getroot().tag.endswith("svg")
    once = svg.read_bytes()
    for name in [*(f"{model.name}, ours" for model in MODELS.values()), *(f"{name}, published" for name in PUBLISHED)]:
        assert f"<!-- {name} -->" in once.decode()
    draw_figure(tmp_path / "new" / "curve", rows)
    assert svg.read_bytes() == once


def test_the_figure_suits_a_light_and_a_dark_page(tmp_path):
    _, svg = draw_figure(tmp_path / "curve", [row(model) for model in MODELS], POINT)
    root = ElementTree.parse(svg).getroot()
    used = [e.get("style", "") for e in root.iter() if not e.tag.endswith("style")]
    colours = {colour for style in used for colour in re.findall(r"#[0-9a-f]{6}", style)}
    assert colours == IN_THE_DARK.keys()
    dark = "".join(root.itertext()).partition("@media (prefers-color-scheme: dark)")[2]
    for light, instead in IN_THE_DARK.items():
        for part in ("fill", "stroke"):
            assert f"[style*='{part}: {light}'] {{{part}: {instead} !important}}" in dark


CARD = {
    "labels": {"negative": 40, "positive": 60},
    "report": {"test": {"accuracy": 0.91, "accuracy_low": 0.9, "accuracy_high": 0.92, "ece": 0.04}},
}
POINT = shipped_point(CARD)


def test_the_shipped_critic_is_one_marked_point_with_its_interval(tmp_path):
    assert (POINT.size, POINT.accuracy, POINT.low, POINT.high) == (100, 0.91, 0.9, 0.92)
    assert shipped_point({}) is None
    plain = draw_figure(tmp_path / "plain", [row()])[1].read_text()
    marked = draw_figure(tmp_path / "marked", [row()], POINT)[1].read_text()
    assert (SHIPPED_NAME in plain, SHIPPED_NAME in marked) == (False, True)


def test_the_command_marks_the_shipped_critic_where_it_is_there(tmp_path):
    append_row(tmp_path / "rows.csv", row())
    arguments = ["curve", "--csv", str(tmp_path / "rows.csv"), "--figure", str(tmp_path / "curve")]
    assert main(arguments) == 0
    assert SHIPPED_NAME in (tmp_path / "curve.svg").read_text()
    assert main([*arguments, "--shipped", str(tmp_path / "nowhere")]) == 0
    assert SHIPPED_NAME not in (tmp_path / "curve.svg").read_text()


def test_the_command_runs_cells_compares_and_writes_the_page(data, tmp_path, capsys):
    page, rows = tmp_path / "page.md", tmp_path / "rows.csv"
    page.write_text("# Read\n<!-- table: -->\nold\n<!-- :table -->\nend\n")
    arguments = ["--models", "nb-svm", "--sizes", "10", "--seeds", "0", "--work", tmp_path / "work", "--csv", rows]
    assert main([str(a) for a in ["curve", "--data", data, *arguments, "--page", page]]) == 0
    out = capsys.readouterr().out
    assert "50 texts, not the published test set" in out
    assert "nb-svm, 10 labels, seed 0" in out
    assert page.read_text() == f"# Read\n<!-- table: -->\n{tables(read_rows(rows))}<!-- :table -->\nend\n"
    assert main([str(a) for a in ["curve", *arguments, "--compare", "nb-svm", "nb-svm"]]) == 0
    assert "| 10 | 0 | 0 | 0 | 1 |" in capsys.readouterr().out


def test_what_cannot_be_run_is_said_in_one_line_and_changes_nothing(data, tmp_path, capsys):
    page, rows = tmp_path / "page.md", tmp_path / "rows.csv"
    page.write_text("no marks here\n")
    few = tmp_path / "few.jsonl"
    few.write_text(json.dumps({"text": "good", "label": 1, "split": "train"}) + "\n")
    for arguments, message in [
        (["--data", few], "needs labelled rows"),
        (["--data", data, "--models", "nb-svm", "--sizes", "5000"], "2500 are needed"),
        (["--page", page], "no lines <!-- table: -->"),
    ]:
        whole = ["curve", "--csv", rows, "--work", tmp_path / "work", *arguments]
        assert main([str(a) for a in whole]) == 1
        assert message in capsys.readouterr().err
    assert page.read_text() == "no marks here\n"
    assert not rows.exists()


def test_figures_are_those_that_evaluate_gives(corpus, tmp_path, monkeypatch):
    positive = np.linspace(0.05, 0.95, 50)
    monkeypatch.setattr(experiment, "nb_svm", lambda *_: Answer(positive, ""))
    run(corpus, CELLS[:1], tmp_path / "rows.csv", tmp_path, say=lambda _: None)
    (found,) = read_rows(tmp_path / "rows.csv")
    expected = evaluate(positive, [example.label for example in corpus.heldout])
    assert (found.accuracy, found.ece) == pytest.approx((expected["accuracy"], expected["ece"]), abs=1e-4)
