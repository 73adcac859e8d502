"""Promoting a version and rolling back: both only append a Promotion, the newest of which serves.

Workers then reread what is stale.
"""

import logging

from django.db import transaction

from sentiment.models import ModelVersion, Promotion
from sentiment.wakeup import wake_on_commit
from textflix.members.models import User

logger = logging.getLogger(__name__)


@transaction.atomic
def promote(version: ModelVersion, *, reason: str, by: User | None = None) -> bool:
    """Let this version serve; False where it serves already."""
    if Promotion.objects.serving() == version:
        return False
    Promotion.objects.create(version=version, reason=reason, by=by)
    logger.info("%s serves: %s (by %s)", version, reason, by or "the system")
    wake_on_commit("sentiment.score_backlog")
    return True


@transaction.atomic
def roll_back(*, by: User | None = None) -> ModelVersion:
    """Return to the version that served before the present one ever did; LookupError where there was none."""
    now = Promotion.objects.serving()
    first = Promotion.objects.filter(version=now).order_by("pk").first()
    before = Promotion.objects.filter(pk__lt=first.pk).select_related("version").first() if first else None
    if before is None:
        raise LookupError("There is no earlier version to roll back to.")
    promote(before.version, reason=f"rolled back from {now}", by=by)
    return before.version
