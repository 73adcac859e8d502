"""Small figures beside reviews, each with a table behind it: {% trend movie %} and {% stars_and_words movie %}."""

from typing import Any

from django import template

from sentiment.pages import figures, trends
from sentiment.pages import stars_and_words as of_stars
from textflix.movies.models import Movie

register = template.Library()


@register.inclusion_tag("sentiment/film/_trend.html")
def trend(movie: Movie) -> dict[str, Any]:
    found = trends.trend(getattr(movie, "figures", None))
    columns = [figures.column_of_period(period) for period in found.periods]
    shown = columns[-figures.MOST :]
    shapes = figures.shapes(figures.drawn(shown))
    return {"trend": found, "table": columns, "columns": shown, "shapes": shapes, "fewest": trends.FEWEST_IN_MONTH}


@register.inclusion_tag("sentiment/film/_stars_and_words.html")
def stars_and_words(movie: Movie) -> dict[str, Any]:
    found = of_stars.stars_and_words(getattr(movie, "figures", None))
    columns = [figures.column_of_stars(row) for row in found.rows]
    shapes = figures.shapes(figures.drawn(columns))
    return {
        "found": found,
        "columns": columns,
        "shapes": shapes,
        "bins": figures.histogram(found.scores),
        "movie": movie,
    }
