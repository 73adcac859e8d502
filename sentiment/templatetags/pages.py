"""What template tags need to know of the whole page: whether it is plain, and which version serves."""

from django.template.context import Context

from sentiment.models import ModelVersion, Promotion
from textflix import kept


def is_plain(context: Context) -> bool:
    """Return whether the page's reader has hidden what the critic makes of reviews."""
    request = context.get("request")
    return bool(request and kept.is_plain(request))


def serving_on(context: Context) -> ModelVersion | None:
    """Return the version that serves, asked for once a page and not by each of a hundred verdicts."""
    kept = vars(context["request"]) if context.get("request") else {}
    if "serving_version" not in kept:
        kept["serving_version"] = Promotion.objects.serving()
    found: ModelVersion | None = kept["serving_version"]
    return found
