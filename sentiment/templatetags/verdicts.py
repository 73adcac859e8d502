"""How a review's verdict and its evidence are shown: {% verdict review %} and {% evidence review %}."""

from typing import Any

from django import template
from django.core.exceptions import ObjectDoesNotExist
from django.template.context import Context
from django.urls import reverse
from django.utils.safestring import SafeString

from sentiment.labelling.disputes import asked
from sentiment.marking import Said, marked_text, marks_of
from sentiment.models import Dispute, Label, Reading, Score, ScoreRequest, Verdict
from sentiment.polling import pause
from sentiment.templatetags.pages import is_plain, mentions_on, serving_on
from textflix.reviews.models import Review

register = template.Library()

SIGNS = {"positive": "+", "negative": "−", "unsure": "?"}
LABELLED_BY = {Label.Source.AUTHOR: "by its author", Label.Source.ADMIN: "by staff"}


def reading_of(review: Review) -> Reading | None:
    try:
        return review.reading  # type: ignore[attr-defined]
    except ObjectDoesNotExist:
        return None


def score_of(review: Review) -> Score | None:
    """The score of the present text: one of another text says nothing about this one."""
    reading = reading_of(review)
    score = reading.score if reading else None
    return score if score and score.digest == review.digest else None


def percent(positive: float, verdict: str) -> int:
    """How sure the critic is of the side it took, in whole percent. Never 0 or 100, which would claim certainty."""
    rounded = min(99, max(1, round(100 * positive)))
    return 100 - rounded if verdict == "negative" else rounded


@register.inclusion_tag("sentiment/_verdict.html", takes_context=True)
def verdict(context: Context, review: Review, fragment: bool = False) -> dict[str, Any]:
    """The verdict box. Until the review has been read it asks for a `fragment`: its inner part, and what follows."""
    if is_plain(context):
        return {"review": None}
    reading, score = reading_of(review), score_of(review)
    label = reading.label if reading else None
    said = reading.verdict if reading and (label or score) else ""
    failed = reading is not None and reading.state == "failed" and not label
    version, waiting = serving_on(context), score is None and not failed and not label
    return {
        "review": review,
        "fragment": fragment,
        "verdict": said,
        "labelled": LABELLED_BY.get(Label.Source(label.source), "by a person") if label else "",
        "sign": "!" if failed else SIGNS.get(said, "…"),
        "percent": percent(score.positive, said) if score and said else None,
        "version": score.version_id if score else None,
        "earlier": bool(score and version and score.version_id != version.pk),
        "failed": failed,
        "pending": waiting,
        "pause": pause_of(review, reading) if waiting else "",
        "whole": _asks_author(context),
    }


def pause_of(review: Review, reading: Reading | None) -> str:
    """Somebody waits for what was posted or edited just now; the backlog takes its time."""
    if reading is None:
        return pause(review.received_at, "1s")
    return pause(reading.received_at, "1s" if reading.live else "10s")


def _asks_author(context: Context) -> bool:
    """Authors are asked beside their review on its own page and its film's; not in a list of all they wrote."""
    return bool(context.get("permalink") or context.get("mine"))


@register.inclusion_tag("sentiment/_opinion.html", takes_context=True)
def opinion(context: Context, review: Review, fragment: bool = False) -> dict[str, Any]:
    """What people may say of the verdict: its author once whether it is right, others why it is wrong.

    Visitors are told so on the review's own page, and asked to sign in when they follow.

    Its place is there, though empty, while there is no verdict yet: then it comes with it.
    """
    user, reading = context.get("user"), reading_of(review)
    signed_in = bool(user and user.is_authenticated)
    own = bool(user and signed_in and review.author_id == user.pk)
    if not (signed_in or context.get("permalink")) or (own and not _asks_author(context)):
        return {"review": None}
    said = reading.verdict if reading and not is_plain(context) else ""
    return {
        "review": review,
        "fragment": fragment,
        "asked": bool(said and user and own and asked(review, user)),
        "may_dispute": bool(said) and not own and not context.get("asking"),
        "verdict": said,
        "others": [value for value in Verdict.values if value != said],
        "csrf_token": context.get("csrf_token"),
    }


@register.inclusion_tag("sentiment/_disputes.html")
def disputes(review: Review) -> dict[str, Any]:
    """The disputes over the present text and how they ended, for the review's own page."""
    found = Dispute.objects.filter(review=review, digest=review.digest).select_related("by")
    return {"disputes": found}


@register.simple_tag(takes_context=True)
def evidence(context: Context, review: Review, fold: bool = False) -> SafeString:
    """The review's text in its paragraphs, escaped, each sentence underlined by its share of the verdict.

    After a sentence stands what it says of aspects.
    With `fold`, a long text goes on behind a button, from the beginning of a sentence. Where the reader has hidden the
    analysis, sentences keep their places, for links lead to them, and nothing else.
    """
    score = score_of(review)
    sentences = score.sentences if score else []
    if is_plain(context):
        return marked_text(review.text, [each | {"share": 0.0} for each in sentences], f"s{review.pk}", fold)
    return marked_text(review.text, sentences, f"s{review.pk}", fold, _said(context, review))


def _said(context: Context, review: Review) -> dict[int, list[Said]]:
    """What a review's sentences say of aspects, by where they begin."""
    said: dict[int, list[Said]] = {}
    for mention in mentions_on(context, review):
        favourable = mention.positive > 0.5
        why = reverse("film_why", args=[review.movie.slug, mention.aspect])
        if mention.counted:  # type: ignore[attr-defined]
            why += f"?side={'praise' if favourable else 'criticism'}"
        said.setdefault(mention.start, []).append(Said(mention.aspect, favourable, why))
    return said


@register.simple_tag
def tried_evidence(request: ScoreRequest) -> SafeString:
    """The same of a text that is no review: it was written to see the analysis."""
    return marked_text(request.text, request.sentences, "s")


@register.simple_tag(takes_context=True)
def has_evidence(context: Context, review: Review) -> bool:
    score = None if is_plain(context) else score_of(review)
    return bool(score and any(mark.strength for mark in marks_of(review.text, score.sentences, "", {})))
