import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from pytest_django import Settings

from sentiment import demo
from sentiment.core.critic.checkpoints import CARD, MANIFEST, fingerprint
from sentiment.labelling.labels import label_each
from sentiment.models import ModelVersion
from sentiment.versions.promotion import promote
from tests.makers import make_member, make_movie, make_review
from textflix.reviews.models import Review


@pytest.fixture
def make_version(db: None, settings: Settings, tmp_path: Path, critic_folder: Path) -> Callable[[], ModelVersion]:
    """Versions of the same critic with cards of their own: what differs between versions is not at stake here."""
    settings.MODELS_DIR = tmp_path / "models"

    def make() -> ModelVersion:
        made = tmp_path / "made"
        shutil.copytree(critic_folder, made)
        card, manifest = (json.loads((made / name).read_text()) for name in (CARD, MANIFEST))
        (made / CARD).write_text(json.dumps(card | {"number": ModelVersion.objects.count()}))
        manifest["files"][CARD] = hashlib.sha256((made / CARD).read_bytes()).hexdigest()
        (made / MANIFEST).write_text(json.dumps(manifest))
        settings.MODELS_DIR.mkdir(exist_ok=True)
        made.rename(settings.MODELS_DIR / (name := fingerprint(made)))
        metrics = {"heldout": {"accuracy": 0.85, "accuracy_low": 0.77, "accuracy_high": 0.91, "n": 100}}
        return ModelVersion.objects.create(
            name="probe on minilm",
            fingerprint=name,
            method="probe",
            base="minilm",
            layers=3,
            labels=120,
            metrics=metrics,
        )

    return make


@pytest.fixture
def version(make_version: Callable[[], ModelVersion]) -> ModelVersion:
    made = make_version()
    promote(made, reason="the first")
    return made


@pytest.fixture
def seed_labels(db: None) -> list[Review]:
    """Forty of the demo corpus' seed rows with their labels, on eight films."""
    rows = [row for row in demo.records() if row["split"] == "seed"][:40]
    films = [make_movie() for _ in range(8)]
    reviews = [make_review(films[n % 8], make_member(), text=row["text"]) for n, row in enumerate(rows)]
    label_each({review.pk: row["label"] for review, row in zip(reviews, rows, strict=True)}, source="seed")
    return reviews
