"""The Celery tasks, thin: each is a call or two. What is to be done stands in Postgres; running one twice does no harm.

The critic is imported by the worker that needs it: beat, which only knows these names, stays free of torch.
"""

import logging
from collections.abc import Callable

from celery import shared_task

from sentiment.versions import runs
from textflix.movies import revisions
from textflix.pages import site_figures

logger = logging.getLogger(__name__)

LIVE_SECONDS, BACKLOG_SECONDS = 5.0, 4.0


@shared_task(name="sentiment.score_pending", ignore_result=True)
def score_pending() -> None:
    """Read what people wait for."""
    from sentiment.worker import scoring

    scoring.drain(LIVE_SECONDS, live_only=True)


@shared_task(name="sentiment.score_backlog", ignore_result=True)
def score_backlog() -> None:
    """Verify what is to serve, then read for some seconds, what people wait for first; put aside what cannot be read.

    Where nothing waits, how far films moved is noted for the public log, and reviews are read a second time. Chores
    come last, however reading went: what all films come to is brought up to date, and what is old is forgotten.
    """
    from sentiment.versions import moves
    from sentiment.worker import heartbeat, score_requests, scoring, verifying

    try:
        verifying.answer_asked()
        read = scoring.drain(BACKLOG_SECONDS)
        scoring.quarantine_exhausted()
        if not read:
            moves.note_moves()
            scoring.drain(BACKLOG_SECONDS, closely=True)
    finally:
        for chore in (site_figures.renew, revisions.add_up, score_requests.forget_old, heartbeat.forget_silent):
            _attempt(chore)


def _attempt(chore: Callable[[], object]) -> None:
    """Do a chore; one that fails is told in the log, and neither hides what failed before nor keeps another waiting."""
    try:
        chore()
    except Exception:
        logger.exception("%s.%s failed", chore.__module__, chore.__qualname__)


@shared_task(name="sentiment.train_pending", ignore_result=True)
def train_pending() -> None:
    """Carry out the training that was asked for, or that enough new labels ask for."""
    runs.request_if_due()
    if runs.is_waiting():
        from sentiment.worker import retraining

        retraining.run_pending()
