"""What a new site starts with."""

import io
import shutil
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from sentiment.core.critic import checkpoints
from sentiment.core.critic.scorer import Scorer
from sentiment.core.training import train
from sentiment.models import ModelVersion, Promotion, TrainingRun
from sentiment.worker.scorers import folder
from tests.conftest import PAN, PRAISE


@pytest.fixture(autouse=True)
def models(db: None, settings: Settings, tmp_path: Path) -> None:
    settings.MODELS_DIR = tmp_path / "models"
    settings.SENTIMENT_CRITIC = "shipped"


def test_a_new_site_starts_with_the_shipped_critic_and_trains_nothing() -> None:
    call_command("first_critic", stdout=io.StringIO())
    version = Promotion.objects.serving()
    assert version is not None
    assert (version.method, version.labels) == ("shipped", 500)
    assert version.fingerprint == checkpoints.fingerprint(checkpoints.SHIPPED)
    assert version.metrics["heldout"]["n"] == 100
    assert not TrainingRun.objects.exists()
    praise, pan = Scorer.load(folder(version), "cpu").predict([PRAISE, PAN])
    assert praise.positive > 0.9
    assert pan.positive < 0.1
    call_command("first_critic", stdout=io.StringIO())
    assert ModelVersion.objects.count() == 1


def test_a_damaged_shipped_critic_is_named_and_nothing_serves(tmp_path: Path, monkeypatch) -> None:
    shutil.copytree(checkpoints.SHIPPED, tmp_path / "pretrained")
    (tmp_path / "pretrained" / checkpoints.CARD).write_text("{}")
    monkeypatch.setattr(checkpoints, "SHIPPED", tmp_path / "pretrained")
    with pytest.raises(CommandError, match=r"card\.json is damaged.*SENTIMENT_CRITIC=demo"):
        call_command("first_critic")
    assert Promotion.objects.serving() is None
    assert not ModelVersion.objects.exists()


@pytest.mark.usefixtures("seed_labels")
def test_a_new_site_can_start_from_the_demo_corpus_alone(settings: Settings, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(checkpoints, "SHIPPED", tmp_path / "not-there")
    monkeypatch.setattr(train, "SHIPPED", tmp_path / "not-there")
    settings.SENTIMENT_CRITIC, settings.SENTIMENT_BASE = "demo", "minilm"
    call_command("first_critic", stdout=io.StringIO())
    version = Promotion.objects.serving()
    assert version is not None
    assert (version.method, version.base, version.labels) == ("probe", "minilm", 40)
    assert TrainingRun.objects.get().version == version
    call_command("first_critic", stdout=io.StringIO())
    assert ModelVersion.objects.get() == version


@pytest.mark.usefixtures("seed_labels")
def test_where_the_folder_of_what_serves_is_missing_one_from_the_demo_corpus_takes_its_place(
    settings: Settings, version: ModelVersion
) -> None:
    settings.SENTIMENT_CRITIC, settings.SENTIMENT_BASE = "demo", "minilm"
    version.metrics["heldout"] |= {"accuracy": 1.0, "accuracy_low": 0.99, "accuracy_high": 1.0}
    version.save()
    shutil.rmtree(folder(version))
    said = io.StringIO()
    call_command("first_critic", stdout=io.StringIO(), stderr=said)
    assert f"The folder of {version} is not in" in said.getvalue()
    serving = Promotion.objects.serving()
    assert serving is not None
    assert serving != version
    assert folder(serving).is_dir()


@pytest.mark.usefixtures("seed_labels")
def test_a_first_critic_on_a_base_that_is_not_there_is_refused_by_its_name(settings: Settings) -> None:
    settings.SENTIMENT_CRITIC, settings.SENTIMENT_BASE = "demo", "no-such-base"
    with pytest.raises(CommandError, match="Unknown base 'no-such-base': use minilm or mpnet"):
        call_command("first_critic", stdout=io.StringIO())
    assert Promotion.objects.serving() is None
