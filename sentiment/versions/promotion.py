"""Promoting a version and rolling back: both only append a Promotion, the newest accepted one of which serves.

Workers then reread what is stale.
"""

import logging
from collections.abc import Callable

from django.db import transaction
from django.db.models.functions import Now

from sentiment.models import ModelVersion, Promotion
from sentiment.wakeup import wake_on_commit
from textflix.members.models import User

logger = logging.getLogger(__name__)


@transaction.atomic
def promote(version: ModelVersion, *, reason: str, by: User | None = None, returns_to: Promotion | None = None) -> bool:
    """Let this version serve at once, as whoever has just read with it may; False where it serves already."""
    if Promotion.objects.serving() == version:
        return False
    accept(Promotion.objects.create(version=version, reason=reason, by=by, returns_to=returns_to))
    return True


@transaction.atomic
def ask(version: ModelVersion, *, reason: str, by: User | None = None, returns_to: Promotion | None = None) -> bool:
    """Let this version serve once a worker has verified it; False where it serves already, or was asked for."""
    if Promotion.objects.serving() == version or Promotion.objects.asked().filter(version=version).exists():
        return False
    Promotion.objects.create(version=version, reason=reason, by=by, returns_to=returns_to)
    logger.info("%s is asked for: %s (by %s)", version, reason, by or "the system")
    wake_on_commit("sentiment.score_backlog")
    return True


def accept(promotion: Promotion) -> None:
    """Let a promotion serve whose version was verified, unless it was answered meanwhile."""
    if Promotion.objects.asked().filter(pk=promotion.pk).update(accepted_at=Now(), leased_until=None):
        logger.info("%s serves: %s (by %s)", promotion.version, promotion.reason, promotion.by or "the system")
        wake_on_commit("sentiment.score_backlog")


def refuse(promotion: Promotion, why: str) -> None:
    """Refuse a promotion whose version cannot read, unless it was answered meanwhile; what serves stays."""
    if Promotion.objects.asked().filter(pk=promotion.pk).update(error=why[:2000], leased_until=None):
        logger.error("%s was not promoted, %s serves on: %s", promotion.version, Promotion.objects.serving(), why)


def earlier() -> Promotion:
    """Return the promotion that was in force before the present one; LookupError where there was none.

    One that rolled back stands for the one that it returned to, so that rolling back twice goes back by two.
    """
    in_force = Promotion.objects.accepted().select_related("version", "returns_to__version").order_by("-pk")
    present = in_force.first()
    if present is not None:
        present = present.returns_to or present
        before = in_force.filter(pk__lt=present.pk).exclude(version=present.version).first()
        if before is not None:
            return before.returns_to or before
    raise LookupError("There is no earlier version to roll back to.")


@transaction.atomic
def roll_back(*, by: User | None = None, how: Callable[..., bool] = promote) -> ModelVersion:
    """Return to the version that served before the present one, at once or by asking; LookupError where there was none.

    Return that version.
    """
    target = earlier()
    how(target.version, reason=f"rolled back from {Promotion.objects.serving()}", by=by, returns_to=target)
    return target.version
