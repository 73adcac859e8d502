"""Confirming and disputing a verdict: its review's author says whether it is right, a reader says why it is wrong."""

from collections.abc import Iterable

from django.db import IntegrityError, transaction
from django.utils import timezone

from sentiment.labelling.labels import relabel
from sentiment.models import Dispute, Label, Reading, Verdict
from sentiment.verdicts.locks import hold
from textflix.members.models import User
from textflix.reviews.models import Review


class NotAsked(ValueError):
    """A verdict was confirmed or disputed where nobody asks for that; the message says why."""


def asked(review: Review, user: User) -> bool:
    """Return whether `user` is asked if the verdict is right.

    They are where they wrote the review, its present text was read, and nobody has said yet whether rightly.
    """
    reading: Reading | None = getattr(review, "reading", None)
    if reading is None or not reading.verdict or review.author_id != user.pk or reading.label_id is not None:
        return False
    return not Label.objects.filter(review=review, digest=review.digest, source=Label.Source.AUTHOR).exists()


def confirm(review: Review, value: str, author: User) -> None:
    """Label a review with what its author says it is. Raises NotAsked where that was said, or is not theirs to say."""
    if value not in Verdict.values:
        raise NotAsked(f"{value!r} is no verdict; use one of {', '.join(Verdict.values)}.")
    if not asked(review, author):
        raise NotAsked("Nobody asks: the review has not been read yet, or what it means has been said.")
    relabel([review.pk], value, source=Label.Source.AUTHOR, by=author)


def dispute(review: Review, reason: str, reader: User) -> Dispute:
    """Keep a reader's dispute for staff to decide; a second one, before they have, replaces the first reason.

    Raises NotAsked where staff have decided what this text's verdict is to be, or where the review or the reader was
    deleted meanwhile.
    """
    try:
        return _keep(review, reason, reader)
    except IntegrityError as error:
        if not Review.objects.filter(pk=review.pk).exists():
            raise NotAsked("The review was deleted while you wrote.") from error
        if not User.objects.filter(pk=reader.pk).exists():
            raise NotAsked("Your account was deleted while you wrote.") from error
        raise


def _keep(review: Review, reason: str, reader: User) -> Dispute:
    verdict = review.reading.verdict  # type: ignore[attr-defined]
    with transaction.atomic():
        of_text = {"review": review, "digest": review.digest, "by": reader}
        kept, new = Dispute.objects.select_for_update().get_or_create(
            **of_text, outcome=Dispute.Outcome.OPEN, defaults={"reason": reason, "verdict": verdict}
        )
        if new and Dispute.objects.filter(**of_text, verdict=verdict).exclude(pk=kept.pk).exists():
            kept.delete()
            raise NotAsked("You have said so before of this verdict, and it was decided.")
        if not new:
            kept.reason, kept.verdict = reason, verdict
            kept.save(update_fields=["reason", "verdict"])
    return kept


@transaction.atomic
def decide(dispute_ids: Iterable[int], value: str, by: User) -> tuple[int, int]:
    """Close open disputes: with a verdict, their reviews are labelled so; with "", the verdict is kept.

    Returns how many were decided, and how many were left because their text was edited since: nothing is known of
    the new one.
    """
    ids = list(dispute_ids)
    hold(Dispute.objects.filter(pk__in=ids).values_list("review_id", flat=True))
    found = Dispute.objects.select_for_update(of=("self",)).filter(pk__in=ids, outcome="").select_related("review")
    disputes = list(found.order_by("pk"))
    present = [each for each in disputes if each.digest == each.review.digest]
    outdated = [each for each in disputes if each.digest != each.review.digest]
    if value:
        relabel({each.review_id for each in present}, value, source=Label.Source.ADMIN, by=by)
    for each in present:
        corrected = value and value != each.verdict
        each.outcome = Dispute.Outcome.CORRECTED if corrected else Dispute.Outcome.KEPT
        each.decided_by, each.decided_at = by, timezone.now()
    for each in outdated:
        each.outcome, each.decided_at = Dispute.Outcome.OUTDATED, timezone.now()
    Dispute.objects.bulk_update([*present, *outdated], ["outcome", "decided_by", "decided_at"])
    return len(present), len(outdated)
