from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from textflix.reviews.ratings import half_stars

register = template.Library()


@register.simple_tag
def stars(rating: int | None) -> SafeString | str:
    """A rating in half stars, drawn for eyes and spelled for ears; nothing where there is none."""
    if not rating:
        return ""
    return format_html(
        '<span class="stars" role="img" aria-label="{} of 5 stars">{}</span>', f"{rating / 2:g}", half_stars(rating)
    )
