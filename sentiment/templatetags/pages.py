"""What holds for a whole page, whichever of its tags wants to know."""

from django.template.context import Context

from sentiment.models import ModelVersion, Promotion


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
