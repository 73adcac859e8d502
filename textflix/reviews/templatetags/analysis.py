from django import template
from django.http import HttpRequest

from textflix.kept import is_plain

register = template.Library()


@register.filter
def shows_analysis(request: HttpRequest) -> bool:
    return not is_plain(request)
