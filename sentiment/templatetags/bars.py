"""A film's sentiment in a page: {% sentiment_bar sentiment %} on its own and {% mini_bar sentiment %} on its card.

Both take None, or nothing at all, for a film that nobody has reviewed.
"""

from datetime import UTC, datetime
from typing import Any

from django import template
from django.template.context import Context
from django.utils import timezone

from sentiment.models import MovieSentiment
from sentiment.pages import bars
from sentiment.templatetags.pages import serving_on

register = template.Library()


@register.inclusion_tag("sentiment/film/_bar.html", takes_context=True)
def sentiment_bar(context: Context, sentiment: MovieSentiment | None, fragment: bool = False) -> dict[str, Any]:
    # A film without a score has no reading of an earlier version, and its page is spared the question.
    serving = serving_on(context) if sentiment and sentiment.scored else None
    return bars.big_bar(sentiment, serving, _since(context), fragment)


def _since(context: Context) -> datetime:
    """Return when the page was opened, as it says itself when it asks again."""
    said = context["request"].GET.get("since", "") if "request" in context else ""
    seconds = int(said) if said.isascii() and said.isdecimal() and len(said) <= 10 else timezone.now().timestamp()
    return datetime.fromtimestamp(seconds, UTC)


@register.inclusion_tag("sentiment/film/_mini_bar.html")
def mini_bar(sentiment: MovieSentiment | None) -> dict[str, Any]:
    return bars.small_bar(sentiment)


@register.inclusion_tag("sentiment/film/_sum_bar.html")
def sum_bar(counts: dict[str, int], name: str) -> dict[str, Any]:
    return bars.sum_bar(counts, name)
