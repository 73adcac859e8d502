"""Labels become a version; one training at a time; what died half-way is taken up again."""

import io
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from pytest_django import Settings

from sentiment import demo, retraining, training_runs
from sentiment.labelling import label_each, relabel
from sentiment.models import ModelVersion, TrainingRun
from sentiment.promotion import serving
from sentiment.serving import folder
from tests.conftest import PAN, PRAISE
from textflix.movies.models import Movie
from textflix.reviews.models import Review


@pytest.fixture
def labelled(make_movie: Callable[..., Movie], make_review, settings: Settings, tmp_path: Path) -> list[Review]:
    """Forty of the demo corpus' seed rows with their labels, on eight films."""
    settings.MODELS_DIR = tmp_path / "models"
    rows = [row for row in demo.records() if row["split"] == "seed"][:40]
    films = [make_movie() for _ in range(8)]
    reviews = [make_review(films[n % 8], row["text"]) for n, row in enumerate(rows)]
    label_each({review.pk: row["label"] for review, row in zip(reviews, rows, strict=True)}, source="seed")
    return reviews


def test_training_makes_a_version_that_serves_and_running_it_again_changes_nothing(labelled) -> None:
    training_runs.request()
    version = retraining.run_pending()
    assert version is not None
    assert serving() == version
    assert (version.labels, version.method) == (40, "probe")
    assert version.metrics["heldout"]["n"] == 100
    training_runs.request()
    assert retraining.run_pending() == version
    assert ModelVersion.objects.count() == 1


def test_one_training_at_a_time(labelled) -> None:
    training_runs.request()
    with pytest.raises(training_runs.AlreadyTraining):
        training_runs.request()


def test_a_training_whose_process_died_is_taken_up_again_but_not_for_ever(labelled) -> None:
    training_runs.request()
    for _ in range(3):
        assert training_runs.claim() is not None
        assert training_runs.claim() is None
        TrainingRun.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
    assert training_runs.claim() is None
    run = TrainingRun.objects.get()
    assert (run.state, run.message) == ("failed", "Its process died 3 times.")
    training_runs.request()


def test_labels_that_cannot_be_learnt_from_fail_with_a_reason(movie: Movie, make_review, settings, tmp_path) -> None:
    settings.MODELS_DIR = tmp_path
    relabel([make_review(movie).pk], "positive", source="admin")
    with pytest.raises(CommandError, match="at least 5 texts of each label"):
        call_command("train")
    assert serving() is None
    assert TrainingRun.objects.get().state == "failed"


def test_a_base_that_is_not_there_is_named(labelled: list[Review], settings: Settings) -> None:
    settings.SENTIMENT_BASE = "no-such-base"
    with pytest.raises(CommandError, match="no-such-base"):
        call_command("train")
    assert TrainingRun.objects.get().state == "failed"


def test_what_is_learnt_from(labelled: list[Review], make_review) -> None:
    texts = {example.text for example in retraining.labelled()}
    assert len(texts) == 40
    relabel([labelled[0].pk], "unsure", source="admin")
    relabel([labelled[1].pk], "cleared", source="admin")
    relabel([labelled[2].pk], "negative", source="author")
    labelled[3].text += " And one more thing."
    labelled[3].save()
    judge = retraining.heldout()[0]
    relabel([make_review(labelled[0].movie, judge.text).pk], "positive", source="admin")
    left = {example.text for example in retraining.labelled()}
    assert texts - left == {labelled[0].text, labelled[1].text, labelled[3].text.removesuffix(" And one more thing.")}
    assert not left - texts


def test_enough_relabelled_texts_ask_for_a_training(labelled, version, settings: Settings) -> None:
    settings.RETRAIN_AFTER = 3
    relabel([review.pk for review in labelled[:2]], "positive", source="admin")
    training_runs.request_if_due()
    assert not TrainingRun.objects.exists()
    relabel([labelled[2].pk], "positive", source="admin")
    training_runs.request_if_due()
    training_runs.request_if_due()
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
