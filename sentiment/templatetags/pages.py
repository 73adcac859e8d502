"""What holds for a whole page, whichever of its tags wants to know."""

from collections.abc import Sequence

from django.template.context import Context

from sentiment.models import AspectMention, ModelVersion, Promotion
from sentiment.verdicts.judgements import mentions_of
from textflix.reviews.models import Review


def is_plain(context: Context) -> bool:
    """Whether its reader has hidden what the critic makes of reviews."""
    request = context.get("request")
    return bool(request and request.COOKIES.get("analysis") == "off")


def serving_on(context: Context) -> ModelVersion | None:
    """The version that serves: asked for once, and not by each of a hundred verdicts."""
    kept = vars(context["request"]) if context.get("request") else {}
    if "serving_version" not in kept:
        kept["serving_version"] = Promotion.objects.serving()
    found: ModelVersion | None = kept["serving_version"]
    return found


def mentions_on(context: Context, review: Review) -> Sequence[AspectMention]:
    """What the sentences of a review say of aspects: asked for once, for all the reviews on its page."""
    kept = vars(context["request"]) if context.get("request") else {}
    found: dict[int, list[AspectMention]] = kept.setdefault("mentions", {})
    score = _counting_score(review)
    if score and score not in found:
        listed = getattr(context.get("reviews"), "page", None) or context.get("page") or ()
        shown = {score, *filter(None, map(_counting_score, (context.get("own"), *listed)))}
        found |= mentions_of(shown)
    return found[score] if score else ()


def _counting_score(review: Review | None) -> int | None:
    return getattr(getattr(review, "reading", None), "score_id", None)
