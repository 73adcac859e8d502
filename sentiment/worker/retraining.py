"""Training a version from labels.

What is under way stands in a TrainingRun, so that a process can die and another resume.
"""

import logging
from pathlib import Path
from typing import Literal

from django.conf import settings
from django.db import connection, transaction

from sentiment.core.corpus.data import DataError, Example, digest
from sentiment.core.corpus.labelfile import read_labelled_csv
from sentiment.core.critic.bases import BaseError
from sentiment.core.critic.checkpoints import CheckpointError
from sentiment.core.evaluation import Metrics, should_promote
from sentiment.core.labels import LABELS
from sentiment.core.training.selection import available_bases, in_words, select
from sentiment.core.training.train import TrainConfig, train
from sentiment.models import ModelVersion, Promotion, TrainingRun
from sentiment.versions import runs
from sentiment.versions.promotion import promote
from sentiment.worker.registering import heldout, made
from sentiment.worker.scorers import reason_of

logger = logging.getLogger(__name__)


def run_pending(progress: runs.Progress = lambda share, message: None) -> ModelVersion | None:
    """Carry out the training that waits, or whose process died; None where there is none, or where it failed."""
    run = runs.claim()
    if run is None:
        return None
    try:
        version = _make_version(run, runs.reporter(run, progress))
    except (BaseError, CheckpointError, DataError) as error:
        runs.finish(run, TrainingRun.State.FAILED, str(error))
        return None
    except Exception as error:
        runs.finish(run, TrainingRun.State.FAILED, reason_of(error))
        raise
    decision = should_promote(_metrics(Promotion.objects.serving()), version.metrics["heldout"])
    with transaction.atomic():
        if not runs.finish(run, TrainingRun.State.DONE, decision.reason, version):
            return None
        if decision.promote:
            promote(version, reason=decision.reason, by=run.requested_by)
    return version


def _make_version(run: TrainingRun, report: runs.Progress) -> ModelVersion:
    examples = labelled()
    method: Literal["probe", "finetune"] = "finetune" if run.method == "finetune" else "probe"
    base = settings.SENTIMENT_BASE
    result = train(examples, TrainConfig(method, base), report)
    version = made(result, examples, name=f"{method} on {base}", base=base)
    logger.info("%s from %d labels", version, len(examples))
    return version


def from_file(path: Path, method: Literal["probe", "finetune"], report: runs.Progress) -> tuple[ModelVersion, str]:
    """Make a version of somebody's own labels, on the base that suits them best; it is not promoted.

    Returns it and what is to be said of it. Raises BaseError, CheckpointError or DataError.
    """
    examples = read_labelled_csv(path)
    config = TrainConfig(method, repeats=2)
    try:
        selection = select(examples, available_bases(), config, lambda share, message: report(share / 2, message))
        result = train(examples, selection.config, lambda share, message: report((1 + share) / 2, message))
    except DataError as error:
        raise DataError(f"{path}: {error}") from error
    version = made(result, examples, name=f"{method} on {path.name}", base=selection.config.base)
    return version, in_words(selection, result)


def labelled() -> list[Example]:
    """Return what a critic may learn from: each public text's newest seed or admin label, positive and negative only.

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
                WHERE label.source IN ('seed', 'admin') AND review.public
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


def _metrics(version: ModelVersion | None) -> Metrics | None:
    return version.metrics["heldout"] if version else None
