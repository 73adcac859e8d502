"""The choice to read reviews without what the critic makes of them."""

from datetime import timedelta

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods

from textflix.kept import is_plain

YEAR = timedelta(days=365)


@require_http_methods(["GET", "HEAD", "POST"])
def analysis(request: HttpRequest) -> HttpResponse:
    """Show or hide what the critic makes of reviews, and remember it in a cookie, for visitors as well."""
    asked = request.POST if request.method == "POST" else request.GET
    wanted = asked.get("analysis")
    if wanted not in ("on", "off"):
        wanted = "on" if is_plain(request) else "off"
    back = asked.get("next", "")
    if not back.startswith("/") or not url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()}):
        back = reverse("home")
    if request.method != "POST":
        return render(request, "reviews/analysis.html", {"wanted": wanted, "back": back, "noindex": True})
    answer = HttpResponseRedirect(back)
    answer.set_cookie(
        settings.ANALYSIS_COOKIE_NAME,
        wanted,
        max_age=YEAR,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
    )
    return answer
