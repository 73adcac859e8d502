"""From labels to a version. What is under way stands in a TrainingRun, so that a process can die and another resume."""

import logging
import shutil
import tempfile
from pathlib import Path

from django.conf import settings
from django.db import connection, transaction

from sentiment import training_runs
from sentiment.core import checkpoints
from sentiment.core.bases import BaseError
from sentiment.core.data import DataError, Example, digest, labels_of, read_examples
from sentiment.core.evaluation import Metrics, evaluate, should_promote
from sentiment.core.labels import LABELS
from sentiment.core.scorer import Scorer
from sentiment.core.training import TrainConfig, train
from sentiment.demo import CORPUS
from sentiment.models import ModelVersion, TrainingRun
from sentiment.promotion import promote, serving
from sentiment.serving import folder

logger = logging.getLogger(__name__)


def run_pending(progress: training_runs.Progress = lambda share, message: None) -> ModelVersion | None:
    """Carry out the training that waits, or whose process died; None where there is none, or where it failed."""
    run = training_runs.claim()
    if run is None:
        return None
    try:
        version = _make_version(run, training_runs.reporter(run, progress))
    except (BaseError, DataError) as error:
        training_runs.finish(run, TrainingRun.State.FAILED, str(error))
        return None
    except Exception as error:
        training_runs.finish(run, TrainingRun.State.FAILED, f"{type(error).__name__}: {error}")
        raise
    decision = should_promote(_metrics(serving()), version.metrics["heldout"])
    with transaction.atomic():
        if decision.promote:
            promote(version, reason=decision.reason, by=run.requested_by)
        run.version = version
        training_runs.finish(run, TrainingRun.State.DONE, decision.reason)
    return version


def _make_version(run: TrainingRun, report: training_runs.Progress) -> ModelVersion:
    examples = labelled()
    result = train(
        examples, TrainConfig("finetune" if run.method == "finetune" else "probe", settings.SENTIMENT_BASE), report
    )
    root = Path(settings.MODELS_DIR)
    root.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=root) as scratch:
        made = Path(scratch) / "critic"
        fingerprint = checkpoints.save(result.critic, made, result.card)
        metrics = {"cross_validation": result.metrics, "heldout": judge(made, heldout())}
        if not (root / fingerprint).exists():
            shutil.move(made, root / fingerprint)
    version, new = ModelVersion.objects.get_or_create(
        fingerprint=fingerprint,
        defaults={
            "name": f"{run.method} on {settings.SENTIMENT_BASE}",
            "method": run.method,
            "base": settings.SENTIMENT_BASE,
            "layers": result.critic.layers,
            "labels": len(examples),
            "metrics": metrics,
        },
    )
    logger.info("%s %s from %d labels", version, "made" if new else "came out again", len(examples))
    return version


def labelled() -> list[Example]:
    """What a critic may learn from: each text's newest seed or admin label, positive and negative only.

    Texts that judge the critic are left out, whoever labelled them.
    """
    judges = {digest(example.text) for example in heldout()}
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT newest.text, newest.value, newest.digest, movie.imdb_id FROM (
                SELECT DISTINCT ON (label.review_id) label.review_id, label.text, label.value, label.digest
                FROM sentiment_label AS label
                JOIN reviews_review AS review ON review.id = label.review_id AND review.digest = label.digest
                WHERE label.source IN ('seed', 'admin')
                ORDER BY label.review_id, label.id DESC
            ) AS newest
            JOIN reviews_review AS review ON review.id = newest.review_id
            JOIN movies_movie AS movie ON movie.id = review.movie_id
            WHERE newest.value IN ('positive', 'negative')
            ORDER BY newest.review_id
            """
        )
        rows = cursor.fetchall()
    return [Example(text, LABELS.index(value), group=film) for text, value, key, film in rows if key not in judges]


def heldout() -> list[Example]:
    """The packaged labels that no critic learns from: ten whole films of the demo corpus."""
    return [example for example in read_examples(CORPUS) if example.split == "heldout"]


def judge(critic: Path, examples: list[Example]) -> Metrics:
    predictions = Scorer.load(critic, device=settings.SENTIMENT_DEVICE or None).predict([e.text for e in examples])
    return evaluate([prediction.positive for prediction in predictions], labels_of(examples))


def _metrics(version: ModelVersion | None) -> Metrics | None:
    return version.metrics["heldout"] if version else None


def critic_of(version: ModelVersion | None) -> Path:
    """The folder of this version, or of the serving one; LookupError where there is none."""
    chosen = version or serving()
    if chosen is None:
        raise LookupError("No version serves yet: run manage.py train.")
    return folder(chosen)
