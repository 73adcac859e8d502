from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from textflix.reviews.ratings import as_stars

register = template.Library()


@register.simple_tag
def stars(half_stars: int | None) -> SafeString | str:
    """Half stars, drawn for eyes and spelled for ears; nothing where there is none."""
    if not half_stars:
        return ""
    return format_html(
        '<span class="stars" role="img" aria-label="{} of 5 stars">{}</span>',
        f"{half_stars / 2:g}",
        as_stars(half_stars),
    )
