"""A small critic learns from a large one what nobody labelled, and an interruption costs nothing."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
import torch

from sentiment.core.__main__ import main
from sentiment.core.corpus.data import Example, shuffled, write_examples
from sentiment.core.critic.bases import resolve_base
from sentiment.core.critic.checkpoints import fingerprint, load, read_card, save
from sentiment.core.critic.classifier import Critic
from sentiment.core.critic.scorer import Scorer
from sentiment.core.recipe import adapting, steps, teachers
from sentiment.core.text import sentence_spans
from sentiment.core.training import finetuning
from sentiment.core.training.train import TrainConfig, train

SUBJECTS = ["the film", "the plot", "the cast", "the ending", "it"]
PRAISE, BLAME = ["good", "great", "lovely", "moving"], ["bad", "awful", "dull", "boring"]
TEXTS = [f"{a} was {b} and {c}" for a, b, c in product(SUBJECTS, [*PRAISE, *BLAME], [*PRAISE, *BLAME]) if b != c]


class Interrupted(Exception):
    pass


@pytest.fixture
def data(tmp_path, monkeypatch):
    for module, name, value in [
        (teachers, "SHARD", 20),
        (adapting, "WIDTH", 16),
        (steps, "FOR_CALIBRATION", 20),
        (steps, "FOR_HEAD", 80),
    ]:
        monkeypatch.setattr(module, name, value)
    write_examples(tmp_path / "texts.jsonl", (Example(text, None, split="unlabelled") for text in TEXTS))
    return tmp_path / "texts.jsonl"


@pytest.fixture
def teacher(base_folder, examples, tmp_path):
    critic = train(examples, TrainConfig(base=str(base_folder), layers=2, max_tokens=32, folds=3, repeats=1)).critic
    save(critic, tmp_path / "teacher", {"labels": 40})
    return tmp_path / "teacher"


def distil(data, folder, *more) -> int:
    common = ["--data", data, "--texts", 200, "--work", folder / "work", "--output", folder / "student"]
    tuning = ["--max-tokens", 32, "--epochs", 6, "--learning-rate", 3e-3]
    return main([str(each) for each in ["distil", *common, *tuning, *more]])


def agreement(one, other) -> float:
    unseen = shuffled(TEXTS, seed=0)[200:]
    verdicts = [[p.positive > 0.5 for p in Scorer.load(each, "cpu").predict(unseen)] for each in (one, other)]
    return float(np.mean(np.equal(*verdicts)))


def test_a_student_takes_over_its_teachers_verdicts_and_says_from_whom(data, teacher, base_folder, tmp_path):
    assert distil(data, tmp_path, "--teacher", teacher, "--start", base_folder, "--layers", 1) == 0
    assert agreement(tmp_path / "student", teacher) > 0.9
    card = read_card(tmp_path / "student")
    assert (card["texts"], card["teachers"]) == (200, [{"labels": 40}])


def test_a_students_shares_are_on_its_teachers_scale_and_its_verdicts_lean_no_other_way(
    data, teacher, base_folder, tmp_path
):
    assert distil(data, tmp_path, "--teacher", teacher, "--start", base_folder, "--layers", 1) == 0
    mean = []
    for folder in (tmp_path / "student", teacher):
        mean.append(np.mean([p.positive for p in Scorer.load(folder, "cpu").predict(TEXTS)]))
    assert mean[0] == pytest.approx(mean[1], abs=0.03)
    assert load(tmp_path / "student").bias == pytest.approx(load(teacher).bias / load(teacher).temperature)


def test_an_interrupted_lesson_goes_on_and_ends_as_the_whole_one(data, teacher, base_folder, tmp_path, monkeypatch):
    options = ["--teacher", teacher, teacher, "--start", base_folder, "--layers", 1]
    assert distil(data, tmp_path / "whole", *options) == 0
    monkeypatch.setattr(finetuning, "SAVE_SECONDS", 0)
    reads = []
    read = teachers.read_all

    def failing_read(critic, engine, encoded):
        reads.append(len(encoded))
        if len(reads) == 7:
            raise Interrupted
        return read(critic, engine, encoded)

    monkeypatch.setattr(teachers, "read_all", failing_read)
    with pytest.raises(Interrupted):
        distil(data, tmp_path / "parts", *options)
    assert len(reads) == 7
    step = torch.optim.AdamW.step
    batches = []

    def failing_step(self, *rest):
        batches.append(1)
        if len(batches) == 30:
            raise Interrupted
        return step(self, *rest)

    monkeypatch.setattr(torch.optim.AdamW, "step", failing_step)
    with pytest.raises(Interrupted):
        distil(data, tmp_path / "parts", *options)
    assert len(reads) == 11, "what was read before is not read again"
    assert distil(data, tmp_path / "parts", *options) == 0
    assert len(batches) == 30 + 72 - 29
    assert fingerprint(tmp_path / "parts" / "student") == fingerprint(tmp_path / "whole" / "student")


@pytest.fixture
def blind(base_folder, tmp_path):
    """A start that sees the same in every text."""
    critic = Critic(resolve_base(str(base_folder)), 1, 32)
    with torch.no_grad():
        critic.encoder.encoder.layer[0].output.LayerNorm.weight.zero_()
    save(critic, tmp_path / "blind", {})
    return tmp_path / "blind"


def test_an_adapted_base_sees_what_its_teacher_sees(data, base_folder, blind, tmp_path):
    common = ["--data", data, "--texts", 200, "--work", tmp_path / "work", "--output", tmp_path / "adapted"]
    bases = ["--teacher", base_folder, "--teacher-layers", 3, "--start", blind, "--layers", 1]
    tuning = ["--max-tokens", 32, "--epochs", 10, "--learning-rate", 3e-3]
    assert main([str(each) for each in ["adapt", *common, *bases, *tuning]]) == 0
    teacher = Critic(resolve_base(str(base_folder)), 3, 32)
    assert likeness(load(blind), teacher) < 0.1
    assert likeness(load(tmp_path / "adapted"), teacher) > 0.8
    assert read_card(tmp_path / "adapted")["texts"] == 200


def likeness(student: Critic, teacher: Critic) -> float:
    """The share of the variance of the teacher's states of unseen texts that is linear in the student's."""
    batch = teacher.text_encoder.collate(teacher.text_encoder.encode(shuffled(TEXTS, seed=0)[200:]))
    with torch.no_grad():
        wanted, seen = (
            critic.encoder(batch.input_ids, attention_mask=batch.attention_mask).last_hidden_state[batch.own]
            for critic in (teacher, student)
        )
    design = torch.cat([seen, torch.ones(len(seen), 1)], dim=1)
    left = wanted - design @ torch.linalg.lstsq(design, wanted).solution
    return float(1 - left.pow(2).sum() / (wanted - wanted.mean(dim=0)).pow(2).sum())


def test_a_second_lesson_takes_other_texts_and_passages_of_others_still(data):
    long = [f"First of {i}. Then {i}. And {i}! At last {i}." for i in range(60)]
    write_examples(data, (Example(text, None, split="unlabelled") for text in long))
    first, second = steps.transfer_texts(data, 25, 0), steps.transfer_texts(data, 25, 0, skip=25, passages=10)
    whole = [text for text in second if text in long]
    short = [text for text in second if text not in long]
    assert set(whole) == set(shuffled(long, 0)[25:50])
    assert not {*first} & {*whole}
    assert second[-steps.FOR_CALIBRATION :] == whole[-steps.FOR_CALIBRATION :], "what calibrates is whole"
    sources = [next(text for text in long if passage in text) for passage in short]
    assert len(set(sources)) == 10
    assert not {*sources} & {*first, *whole}
    assert {len(sentence_spans(passage)) for passage in short} == {1, 2, 3}


def test_a_lesson_that_goes_on_keeps_what_was_learnt(data, teacher, base_folder, tmp_path):
    assert distil(data, tmp_path / "one", "--teacher", teacher, "--start", base_folder, "--layers", 1) == 0
    more = ["--texts", 40, "--skip", 200, "--passages", 20, "--epochs", 1, "--learning-rate", 1e-6]
    assert distil(data, tmp_path / "two", "--teacher", teacher, "--start", tmp_path / "one" / "student", *more) == 0
    before, after = load(tmp_path / "one" / "student"), load(tmp_path / "two" / "student")
    assert torch.allclose(before.head.weight, after.head.weight, atol=1e-4)
    assert read_card(tmp_path / "two" / "student")["skip"] == 200


def test_a_lesson_can_end_halfway(data, teacher, base_folder, tmp_path):
    assert distil(data, tmp_path / "one", "--teacher", teacher, "--start", base_folder, "--layers", 1) == 0
    start, more = tmp_path / "one" / "student", ["--texts", 60, "--skip", 200, "--epochs", 1]
    for name, halfway in (("whole", []), ("half", ["--halfway"])):
        assert distil(data, tmp_path / name, "--teacher", teacher, "--start", start, *more, *halfway) == 0
    one, whole, half = (load(tmp_path / name / "student").head.weight for name in ("one", "whole", "half"))
    assert not torch.allclose(one, whole, atol=1e-3)
    assert torch.allclose(half, (one + whole) / 2, atol=1e-5)
    assert read_card(tmp_path / "half" / "student")["halfway"] is True


def test_too_few_texts_are_refused_before_anything_is_done(data, teacher, base_folder, tmp_path, capsys):
    options = ["--teacher", teacher, "--start", base_folder, "--texts", 9999]
    assert distil(data, tmp_path, *options) == 1
    assert "280 texts that are not held out; 9999 were asked for" in capsys.readouterr().err
    assert not (tmp_path / "work").exists()


def test_another_teacher_is_read_anew_and_more_texts_take_up_the_first(
    data, teacher, base_folder, examples, tmp_path, monkeypatch
):
    options = ["--start", base_folder, "--layers", 1, "--epochs", 1]
    assert distil(data, tmp_path, "--teacher", teacher, *options, "--texts", 110) == 0
    reads = []
    read = teachers.read_all

    def counting(critic, engine, encoded):
        reads.append(len(encoded))
        return read(critic, engine, encoded)

    monkeypatch.setattr(teachers, "read_all", counting)
    more = ["--work", tmp_path / "work", "--texts", 140]
    assert distil(data, tmp_path / "more", "--teacher", teacher, *options, *more) == 0
    # The first draw ended in the middle of a shard, and what calibrates comes last in each.
    assert sum(reads) == 140 - 100
    opposite = [replace(example, label=1 - example.label) for example in examples]
    other = train(opposite, TrainConfig(base=str(base_folder), layers=2, max_tokens=32, folds=3, repeats=1)).critic
    save(other, tmp_path / "other", {})
    assert distil(data, tmp_path / "again", "--teacher", tmp_path / "other", *options, *more, "--epochs", 6) == 0
    assert agreement(tmp_path / "again" / "student", tmp_path / "other") > 0.9


def test_what_cannot_be_learnt_is_said_before_anything_is_read(data, teacher, base_folder, tmp_path, capsys):
    options = ["--teacher", teacher, "--start", base_folder]
    assert distil(data, tmp_path, *options, "--max-tokens", 5) == 1
    assert "cut texts into other tokens" in capsys.readouterr().err
    assert distil(data, tmp_path, *options, "--texts", 20) == 1
    assert "more than 20 texts" in capsys.readouterr().err
    assert not (tmp_path / "work").exists()


def test_a_folder_is_not_split_because_its_files_have_no_order(tmp_path, capsys):
    assert main(["split", "--data", str(tmp_path), "--output", str(tmp_path / "out.jsonl")]) == 1
    assert "give the archive" in capsys.readouterr().err
