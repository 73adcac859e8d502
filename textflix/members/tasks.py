"""The Celery tasks of accounts, thin: one call each."""

from celery import shared_task

from textflix.members.sweeping import sweep


@shared_task(name="members.sweep", ignore_result=True)
def sweep_members() -> None:
    """Forget what has had its time."""
    sweep()
