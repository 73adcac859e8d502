"""How a review's verdict and its evidence are shown: {% verdict review %} and {% evidence review %}."""

from collections.abc import Iterable
from typing import Any

from django import template
from django.template.context import Context
from django.utils.safestring import SafeString

from sentiment.models import AspectMention, Dispute, ScoreRequest
from sentiment.pages import verdict_box
from sentiment.pages.marked_text import TOLD, Said, marked_text, marks_of
from sentiment.pages.why import address_of_why
from sentiment.templatetags.pages import is_plain, serving_on
from textflix.reviews.models import Review

register = template.Library()


@register.inclusion_tag("sentiment/review/_verdict.html", takes_context=True)
def verdict(
    context: Context, review: Review, permalink: bool = False, mine: bool = False, fragment: bool = False
) -> dict[str, Any]:
    """The verdict box; nothing where the reader has hidden the analysis.

    `permalink` is for the review's own page, `mine` for where its author finds it set apart.
    """
    if is_plain(context):
        return {"review": None}
    return verdict_box.verdict_box(review, serving_on(context), whole=bool(permalink or mine), fragment=fragment)


@register.inclusion_tag("sentiment/review/_opinion.html", takes_context=True)
def opinion(
    context: Context,
    review: Review,
    permalink: bool = False,
    mine: bool = False,
    asking: bool = False,
    fragment: bool = False,
) -> dict[str, Any]:
    """The box in which authors confirm the verdict, and others dispute it unless this page is `asking` why already.

    Authors are asked on the review's own page (`permalink`) and where it is set apart (`mine`), not in a list of all
    they wrote; visitors are told on its own page, and asked to sign in there.
    """
    box = verdict_box.opinion_box(
        review,
        context.get("user"),
        plain=is_plain(context),
        asks_author=bool(permalink or mine),
        tells_visitors=bool(permalink),
        may_dispute=not asking,
    )
    return box | {"fragment": fragment, "csrf_token": context.get("csrf_token")}


@register.inclusion_tag("sentiment/review/_disputes.html")
def disputes(review: Review) -> dict[str, Any]:
    """The disputes over the present text and how they ended, for the review's own page."""
    found = Dispute.objects.filter(review=review, digest=review.digest).select_related("by")
    return {"disputes": found}


@register.simple_tag(takes_context=True)
def evidence(context: Context, review: Review, fold: bool = False) -> SafeString:
    """The review's text in its paragraphs, escaped, the few decisive sentences underlined.

    After a sentence stands what it says of aspects.
    With `fold`, a long text goes on behind a button, from the beginning of a sentence. Where the reader has hidden the
    analysis, sentences keep their places, for links lead to them, and nothing else.
    """
    score = verdict_box.score_of(review)
    mentions = verdict_box.mentions_of(review)
    return marked_text(
        review.text,
        score.sentences if score else [],
        f"s{review.pk}",
        _said(review.movie.slug, mentions),
        fold=fold,
        plain=is_plain(context),
        more=len(mentions) > TOLD,
    )


def _said(slug: str, mentions: Iterable[AspectMention]) -> dict[int, list[Said]]:
    """What a review's sentences say of aspects, by where they begin: of too much, what counts and is most decided."""
    told = sorted(mentions, key=lambda mention: (not mention.counted, -abs(mention.positive - 0.5)))[:TOLD]  # type: ignore[attr-defined]
    said: dict[int, list[Said]] = {}
    for mention in sorted(told, key=lambda mention: mention.aspect):
        favourable = mention.positive > 0.5
        why = address_of_why(slug, mention.aspect)
        if mention.counted:  # type: ignore[attr-defined]
            why += f"?side={'praise' if favourable else 'criticism'}"
        said.setdefault(mention.start, []).append(Said(mention.aspect, favourable, why))
    return said


@register.simple_tag
def tried_evidence(request: ScoreRequest) -> SafeString:
    """A text that is no review with its evidence, which nobody has hidden: it was written to see the analysis."""
    said: dict[int, list[Said]] = {}
    told = sorted(request.mentions, key=lambda mention: -abs(mention["positive"] - 0.5))[:TOLD]
    for mention in sorted(told, key=lambda mention: mention["aspect"]):
        said.setdefault(mention["start"], []).append(Said(mention["aspect"], mention["positive"] > 0.5))
    return marked_text(request.text, request.sentences, "s", said, more=len(request.mentions) > TOLD)


@register.simple_tag(takes_context=True)
def has_evidence(context: Context, review: Review) -> bool:
    score = None if is_plain(context) else verdict_box.score_of(review)
    return bool(score and any(mark.strength for mark in marks_of(review.text, score.sentences, "", {})))
