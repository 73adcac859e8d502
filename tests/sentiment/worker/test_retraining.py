"""Labels become a version; one training at a time; what died half-way is taken up again."""

import csv
import io
import json
import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from pytest_django import Settings

from sentiment import demo
from sentiment.core.critic import checkpoints
from sentiment.core.training import selection, train
from sentiment.labelling.labels import relabel
from sentiment.models import Label, ModelVersion, Promotion, TrainingRun
from sentiment.versions import runs
from sentiment.worker import registering, retraining
from sentiment.worker.scorers import folder
from tests.conftest import PAN, PRAISE
from tests.makers import make_member, make_review
from textflix.movies.models import Movie
from textflix.reviews.models import Review


@pytest.fixture
def labelled(seed_labels: list[Review], settings: Settings, tmp_path: Path) -> list[Review]:
    settings.MODELS_DIR = tmp_path / "models"
    return seed_labels


def test_training_makes_a_version_that_serves_and_running_it_again_changes_nothing(labelled) -> None:
    runs.request()
    version = retraining.run_pending()
    assert version is not None
    assert Promotion.objects.serving() == version
    assert (version.labels, version.method) == (40, "probe")
    assert version.metrics["heldout"]["n"] == 100
    runs.request()
    assert retraining.run_pending() == version
    assert ModelVersion.objects.count() == 1


def test_own_labels_make_a_version_that_waits_to_be_promoted(
    db: None, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.MODELS_DIR = tmp_path / "models"
    # The third, mpnet, is not on every machine, and takes long.
    monkeypatch.setattr(retraining, "available_bases", lambda: ["shipped", "minilm"])
    rows = [row for row in demo.records() if row["split"] == "seed"][:60]
    with (tmp_path / "mine.csv").open("w", newline="") as handle:
        writer = csv.writer(handle)
        writer.writerow(["text", "label"])
        writer.writerows((row["text"], row["label"]) for row in rows)
    out = io.StringIO()
    call_command("train", data=tmp_path / "mine.csv", method="probe", stdout=out)
    version = ModelVersion.objects.get()
    assert (version.labels, Promotion.objects.serving()) == (60, None)
    assert f"manage.py promote {version.pk}" in out.getvalue()
    assert "95 % interval" in out.getvalue()
    call_command("promote", str(version.pk))
    assert Promotion.objects.serving() == version


def everything_of(settings: Settings) -> list[object]:
    rows = [set(model.objects.values_list("pk", flat=True)) for model in (ModelVersion, Promotion, TrainingRun, Label)]
    return [*rows, sorted(Path(settings.MODELS_DIR).rglob("*")), Promotion.objects.serving()]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (
            "text,label\nFine.,positive\nfine.,negative\n",
            ["line 3: the text is labelled negative, but positive on line 2"],
        ),
        ("text,label\nFine.,great\n\n,positive\n", ["line 2: the label is 'great'", "line 4: the text is empty"]),
        ("review,label\nFine.,positive\n", ["line 1: the header has no column text"]),
        ("text,label\nFine.,positive\nBad.,negative\n", ["at least 5 texts of each label; 1 are negative"]),
    ],
)
def test_own_labels_that_cannot_be_used_are_named_by_file_and_line_and_change_nothing(
    version: ModelVersion, settings: Settings, tmp_path: Path, content: str, said: list[str]
) -> None:
    path = tmp_path / "mine.csv"
    path.write_text(content)
    before = everything_of(settings)
    with pytest.raises(CommandError) as refused:
        call_command("train", data=path)
    assert all(words in str(refused.value) for words in [str(path), *said])
    assert refused.value.returncode == 1
    assert everything_of(settings) == before


def test_own_labels_with_a_damaged_shipped_critic_are_refused_with_the_reason(
    version: ModelVersion, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(checkpoints.SHIPPED, tmp_path / "pretrained")
    (tmp_path / "pretrained" / checkpoints.WEIGHTS).write_bytes(b"")
    for module in (selection, train):
        monkeypatch.setattr(module, "SHIPPED", tmp_path / "pretrained")
    rows = [f"Film number {n}.,{n % 2}\n" for n in range(20)]
    (tmp_path / "mine.csv").write_text("text,label\n" + "".join(rows))
    before = everything_of(settings)
    with pytest.raises(CommandError, match=r"weights\.safetensors is damaged"):
        call_command("train", data=tmp_path / "mine.csv")
    assert everything_of(settings) == before


def test_one_training_at_a_time(labelled) -> None:
    runs.request()
    with pytest.raises(runs.AlreadyTraining):
        runs.request()


def test_a_training_whose_process_died_is_taken_up_again_but_not_for_ever(labelled) -> None:
    runs.request()
    for _ in range(3):
        assert runs.claim() is not None
        assert runs.claim() is None
        TrainingRun.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
    assert runs.claim() is None
    run = TrainingRun.objects.get()
    assert (run.state, run.message) == ("failed", "Its process died 3 times.")
    runs.request()


def taken_on_by_another() -> None:
    """The process at work sleeps until its lease has run out, and another one takes its training on."""
    TrainingRun.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
    assert runs.claim() is not None


def test_a_process_that_slept_too_long_no_longer_tells_how_its_training_ended(version: ModelVersion) -> None:
    runs.request()
    run = runs.claim()
    assert run is not None
    taken_on_by_another()
    runs.reporter(run, lambda share, message: None)(0.9, "late")
    assert not runs.finish(run, TrainingRun.State.DONE, "", version)
    assert not runs.finish(run, TrainingRun.State.FAILED, "It failed.")
    kept = TrainingRun.objects.get()
    assert (kept.state, kept.progress, kept.message, kept.version) == ("running", 0, "", None)


def test_nor_is_the_version_promoted_that_it_made(version: ModelVersion, make_version, monkeypatch) -> None:
    better = make_version()
    better.metrics["heldout"]["accuracy"] = 0.99

    def sleeps(run: TrainingRun, report: runs.Progress) -> ModelVersion:
        taken_on_by_another()
        return better

    monkeypatch.setattr(retraining, "_make_version", sleeps)
    runs.request()
    assert retraining.run_pending() is None
    assert Promotion.objects.get().version == version
    assert TrainingRun.objects.get().state == "running"


def test_labels_that_cannot_be_learnt_from_fail_with_a_reason(movie: Movie, settings, tmp_path) -> None:
    settings.MODELS_DIR = tmp_path
    relabel([make_review(movie, make_member(), text=PRAISE).pk], "positive", source="admin")
    with pytest.raises(CommandError, match="at least 5 texts of each label"):
        call_command("train")
    assert Promotion.objects.serving() is None
    assert TrainingRun.objects.get().state == "failed"


def test_a_base_that_is_not_there_is_named(labelled: list[Review], settings: Settings) -> None:
    settings.SENTIMENT_BASE = "no-such-base"
    with pytest.raises(CommandError, match="no-such-base"):
        call_command("train")
    assert TrainingRun.objects.get().state == "failed"


def test_what_is_learnt_from(labelled: list[Review]) -> None:
    texts = {example.text for example in retraining.labelled()}
    assert len(texts) == 40
    relabel([labelled[0].pk], "unsure", source="admin")
    relabel([labelled[1].pk], "cleared", source="admin")
    relabel([labelled[2].pk], "negative", source="author")
    labelled[3].text += " And one more thing."
    labelled[3].save()
    judge = registering.heldout()[0]
    relabel([make_review(labelled[0].movie, make_member(), text=judge.text).pk], "positive", source="admin")
    left = {example.text for example in retraining.labelled()}
    assert texts - left == {labelled[0].text, labelled[1].text, labelled[3].text.removesuffix(" And one more thing.")}
    assert not left - texts


def test_what_nobody_may_see_is_not_learnt_from(labelled: list[Review]) -> None:
    hidden = labelled[0]
    Review.objects.filter(pk=hidden.pk).update(hidden=True)
    assert hidden.text not in {example.text for example in retraining.labelled()}
    Review.objects.filter(pk=hidden.pk).update(hidden=False)
    assert hidden.text in {example.text for example in retraining.labelled()}


def test_enough_relabelled_texts_ask_for_a_training(labelled, version, settings: Settings) -> None:
    settings.RETRAIN_AFTER = 3
    relabel([review.pk for review in labelled[:2]], "positive", source="admin")
    runs.request_if_due()
    assert not TrainingRun.objects.exists()
    relabel([labelled[2].pk], "positive", source="admin")
    runs.request_if_due()
    runs.request_if_due()
    assert TrainingRun.objects.get().state == "queued"


def test_the_commands_around_versions(version: ModelVersion, make_version, tmp_path: Path) -> None:
    def said(*command: str) -> str:
        out = io.StringIO()
        call_command(*command, stdout=out)
        return out.getvalue()

    newer = make_version()
    assert said("promote", str(newer.pk)) == f"version {newer.pk} serves.\n"
    assert said("promote", str(newer.pk)) == f"version {newer.pk} serves already.\n"
    assert said("rollback") == f"version {version.pk} serves again.\n"
    with pytest.raises(CommandError, match="no earlier version"):
        said("rollback")
    with pytest.raises(CommandError, match="There is no version 999"):
        said("promote", "999")
    found = json.loads(said("evaluate", "--json"))
    assert found["n"] == 100
    assert found["accuracy"] > 0.7
    for unknown in ("999", "0"):
        with pytest.raises(CommandError, match=f"There is no version {unknown}"):
            said("evaluate", "--critic", unknown)
    (folder(version) / "card.json").unlink()
    with pytest.raises(CommandError, match=r"card\.json cannot be read"):
        said("evaluate", "--critic", str(version.pk))
    assert said("promote", str(newer.pk))
    texts, verdicts = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    texts.write_text("\n".join(json.dumps({"text": text}) for text in (PRAISE, PAN)))
    call_command("score", f"--input={texts}", f"--output={verdicts}")
    assert [json.loads(line)["positive"] > 0.5 for line in verdicts.read_text().splitlines()] == [True, False]
    texts.write_text('{"text": "fine"}\n{"txt": 1}\n')
    verdicts.unlink()
    with pytest.raises(CommandError):
        call_command("score", f"--input={texts}", f"--output={verdicts}")
    assert not verdicts.exists()
