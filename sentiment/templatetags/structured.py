"""{% movie_json_ld movie reviews %}: a film for machines, safe in a page whatever people wrote."""

import json
from collections.abc import Iterable

from django import template
from django.template.context import Context
from django.utils.safestring import SafeString, mark_safe

from sentiment.pages.json_ld import movie_json
from textflix.movies.models import Movie
from textflix.reviews.models import Review

register = template.Library()

# Nothing that could end the element, or begin another, is left in it.
_ESCAPED = {ord(">"): "\\u003E", ord("<"): "\\u003C", ord("&"): "\\u0026", 0x2028: "\\u2028", 0x2029: "\\u2029"}


@register.simple_tag(takes_context=True)
def movie_json_ld(context: Context, movie: Movie, reviews: Iterable[Review]) -> SafeString:
    request = context["request"]
    described = movie_json(movie, reviews, f"{request.scheme}://{request.get_host()}")
    escaped = json.dumps(described, ensure_ascii=False).translate(_ESCAPED)
    return mark_safe(f'<script type="application/ld+json">{escaped}</script>')  # noqa: S308  escaped above
