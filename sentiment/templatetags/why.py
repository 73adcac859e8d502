"""Why a film is loved, on its page: {% why movie %}, and {% place judgement %} for the address of a sentence."""

from collections.abc import Iterable
from typing import Any

from django import template

from sentiment.models import Highlight, Judgement
from sentiment.pages.why import Why, place_of, side_by_side
from sentiment.pages.why import card_quotes as card_quotes_of
from sentiment.pages.why import why as why_of
from textflix.movies.models import Movie

register = template.Library()


@register.inclusion_tag("sentiment/film/_evidence.html")
def why(movie: Movie, found: Why | None = None) -> dict[str, Any]:
    return {"movie": movie, "why": found or why_of(movie)}


@register.simple_tag
def place(evidence: Judgement | Highlight) -> str:
    return place_of(evidence)


@register.simple_tag
def card_quotes(movies: Iterable[Movie]) -> dict[int, Highlight]:
    """Read a sentence for each film: {% card_quotes page as quotes %} once, then {{ quotes|of:movie }} on each card."""
    return card_quotes_of(movies)


@register.filter
def of(quotes: dict[int, Highlight] | str, movie: Movie) -> Highlight | None:
    return quotes.get(movie.pk) if isinstance(quotes, dict) else None


@register.inclusion_tag("sentiment/film/_compare.html")
def compare_why(first: Movie, second: Movie) -> dict[str, Any]:
    return {"first": first, "second": second, "rows": side_by_side(first, second)}
