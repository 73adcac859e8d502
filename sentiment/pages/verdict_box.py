"""What a page says of a review's verdict: how it was read, by whom, and what may be answered to it."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ObjectDoesNotExist
from django.urls import reverse

from sentiment.labelling.disputes import asked
from sentiment.models import AspectMention, By, Label, ModelVersion, Reading, Score, ScoreRequest, Unread, Verdict
from sentiment.pages.polling import pause
from textflix.members.models import User
from textflix.reviews.models import Review

MEANT = {verdict: f"I meant {verdict}" for verdict in Verdict.values} | {"unsure": "something between"}
"""How an author who is asked says that the verdict should be another."""
SIGNS = {"positive": "+", "negative": "−", "unsure": "?"}
FOLLOWS: dict[str, str] = {
    By.RATING: "by the rating it states: no other word in it judges",
    By.BREVITY: "no word in it judges",
}
"""What a page says of a verdict that does not follow from what the critic made of the words."""
LABELLED_BY = {Label.Source.AUTHOR: "by its author", Label.Source.ADMIN: "by staff"}


def reading_of(review: Review) -> Reading | None:
    """Return the reading of a review, None where it has none yet."""
    try:
        return review.reading  # type: ignore[attr-defined]
    except ObjectDoesNotExist:
        return None


def score_of(review: Review) -> Score | None:
    """Return the score of the present text: one of another text says nothing about this one."""
    reading = reading_of(review)
    score = reading.score if reading else None
    return score if score and score.digest == review.digest else None


def mentions_of(review: Review) -> Sequence[AspectMention]:
    """Return what the sentences of a review say of aspects; the review was fetched `with_reading()`."""
    score = score_of(review)
    return score.shown_mentions if score else ()  # type: ignore[attr-defined]


def percent(positive: float, verdict: str) -> int:
    """Return how sure the critic is of the side it took, in whole percent.

    Never 0 or 100, which would claim certainty.
    """
    rounded = min(99, max(1, round(100 * positive)))
    return 100 - rounded if verdict == "negative" else rounded


def called_by_critic(read: Score | ScoreRequest, verdict: str) -> dict[str, str]:
    """Return what the critic calls a text that it has read, how sure it is of that, and what that follows from."""
    if read.positive is None:
        return {"called": "Not read", "sure": Unread(read.unread).label if read.unread else "", "follows": ""}
    sure = f"{percent(read.positive, verdict)}%"
    follows = FOLLOWS.get(read.by, "")
    if verdict == "unsure":
        return {"called": "Unsure", "sure": f"{sure} positive", "follows": follows}
    return {"called": f"Reads {verdict}", "sure": sure, "follows": follows}


def verdict_box(review: Review, serving: ModelVersion | None, *, whole: bool, fragment: bool) -> dict[str, Any]:
    """Return what the box beside a review shows.

    Until the review has been read it asks for a `fragment`, its inner part and what follows; with `whole`, for all that
    the review's author sees.
    """
    reading, score = reading_of(review), score_of(review)
    label = reading.label if reading else None
    said = reading.verdict if reading and (label or score) else ""
    failed = reading is not None and reading.state == "failed" and not label
    waiting = score is None and not failed and not label
    return (called_by_critic(score, said) if score else {}) | {
        "review": review,
        "fragment": fragment,
        "verdict": said,
        "labelled": LABELLED_BY.get(Label.Source(label.source), "by a person") if label else "",
        "sign": "!" if failed else SIGNS.get(said, "…" if waiting else "–"),
        "version": score.version_id if score else None,
        "critic": _critic_address(),
        "earlier": bool(score and serving and score.version_id != serving.pk),
        "failed": failed,
        "pending": waiting,
        "pause": _pause(review, reading) if waiting else "",
        "whole": whole,
    }


@cache
def _critic_address() -> str:
    """Return the address of the critic's page, made once: a page names it in each of its verdicts."""
    return reverse("critic")


def _pause(review: Review, reading: Reading | None) -> str:
    """Return how long a page waits before it asks for the verdict again.

    That is short for what was posted or edited just now, for which somebody waits, and longer for the backlog.
    """
    if reading is None:
        return pause(review.received_at, "1s")
    return pause(reading.received_at, "1s" if reading.live else "10s")


def opinion_box(
    review: Review,
    user: User | AnonymousUser | None,
    *,
    plain: bool,
    asks_author: bool,
    tells_visitors: bool,
    may_dispute: bool,
) -> dict[str, Any]:
    """Return what may be said of the verdict: by its author once whether it is right, by others why it is wrong.

    Only where the page `asks_author` is its author asked, and only where it `tells_visitors` are they told that they
    may sign in to say. Its place is there, though empty, while there is no verdict yet: then it comes with it.
    """
    signed_in = bool(user and user.is_authenticated)
    own = bool(user and signed_in and review.author_id == user.pk)
    if not (signed_in or tells_visitors) or (own and not asks_author):
        return {"review": None}
    reading = reading_of(review)
    said = reading.verdict if reading and not plain else ""
    return {
        "review": review,
        "asked": bool(said and isinstance(user, User) and own and asked(review, user)),
        "may_dispute": bool(said) and not own and may_dispute,
        "verdict": said,
        "others": [(value, meant) for value, meant in MEANT.items() if value != said],
    }
