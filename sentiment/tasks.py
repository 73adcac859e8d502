"""The Celery tasks, thin: each is a call or two. What is to be done stands in Postgres; running one twice does no harm.

The critic is imported by the worker that needs it: beat, which only knows these names, stays free of torch.
"""

from celery import shared_task

from sentiment.versions import runs
from textflix.movies import revisions
from textflix.pages import site_figures

LIVE_SECONDS, BACKLOG_SECONDS = 5.0, 4.0


@shared_task(name="sentiment.score_pending", ignore_result=True)
def score_pending() -> None:
    """Read what people wait for."""
    from sentiment.worker import scoring

    scoring.drain(LIVE_SECONDS, live_only=True)


@shared_task(name="sentiment.score_backlog", ignore_result=True)
def score_backlog() -> None:
    """Verify what is to serve, then read for some seconds, what people wait for first; put aside what cannot be read.

    What all films come to is brought up to date before. Where nothing waits, how far films moved is noted for the
    public log.
    """
    from sentiment.versions import moves
    from sentiment.worker import heartbeat, score_requests, scoring, verifying

    site_figures.renew()
    revisions.add_up()
    score_requests.forget_old()
    heartbeat.forget_silent()
    verifying.answer_asked()
    if not scoring.drain(BACKLOG_SECONDS):
        moves.note_moves()
    scoring.quarantine_exhausted()


@shared_task(name="sentiment.train_pending", ignore_result=True)
def train_pending() -> None:
    """Carry out the training that was asked for, or that enough new labels ask for."""
    runs.request_if_due()
    if runs.is_waiting():
        from sentiment.worker import retraining

        retraining.run_pending()
