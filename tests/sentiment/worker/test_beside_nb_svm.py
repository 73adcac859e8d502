"""Each training is compared with NB-SVM from the same labels, on the rows that judge both."""

from pathlib import Path

import pytest
from django.test import Client
from pytest_django import Settings

from sentiment import demo
from sentiment.models import Promotion
from sentiment.versions import runs
from sentiment.worker import retraining
from tests.makers import make_review

pytestmark = pytest.mark.usefixtures("seed_labels")


def test_a_retrained_version_has_its_comparison_and_the_page_shows_it(
    settings: Settings, tmp_path: Path, client: Client, movie
) -> None:
    settings.MODELS_DIR = tmp_path / "models"
    records = demo.records()
    heldout = {row for row, record in enumerate(records, 1) if record["split"] == "heldout"}
    for row in heldout:
        make_review(movie, text=records[row - 1]["text"], source="demo", external_id=f"demo/{row}")
    runs.request()
    version = retraining.run_pending()
    assert version is not None
    assert Promotion.objects.serving() == version
    metrics = version.metrics
    only_critic, only_simpler = (metrics["nb_svm"]["demo_rows"][f"only_{one}_right"] for one in ("critic", "nb_svm"))
    assert only_critic
    assert {*only_critic, *only_simpler} <= heldout
    lead = metrics["heldout"]["accuracy"] - metrics["nb_svm"]["accuracy"]
    assert lead == pytest.approx((len(only_critic) - len(only_simpler)) / len(heldout))
    answer = client.get("/critic/")
    page = answer.content.decode()
    assert "Beside a simpler model" in page
    assert f"is right on {metrics['nb_svm']['accuracy']:.1%} of 100 demo reviews that neither ever saw" in page
    assert f"Only the critic: {len(only_critic)}" in page
    rival = answer.context["rival"]
    assert [review.external_id for review in rival.only_critic.reviews] == [f"demo/{row}" for row in only_critic[:5]]
