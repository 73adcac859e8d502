"""Views that belong to the site as a whole."""

from datetime import timedelta

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_safe

YEAR = timedelta(days=365)


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """Say that the process is up; whether it can serve is /readyz's to say."""
    return HttpResponse("ok", content_type="text/plain")


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    sitemap = request.build_absolute_uri(reverse("sitemap"))
    rules = f"User-agent: *\nDisallow: /accounts/\nDisallow: /admin/\n\nSitemap: {sitemap}\n"
    return HttpResponse(rules, content_type="text/plain")


@require_safe
def favicon(request: HttpRequest) -> HttpResponse:
    return redirect(static("img/favicon.ico"))


@require_http_methods(["GET", "HEAD", "POST"])
def analysis(request: HttpRequest) -> HttpResponse:
    """Show or hide what the critic makes of reviews, and remember it in a cookie, for visitors as well."""
    asked = request.POST if request.method == "POST" else request.GET
    wanted = "on" if asked.get("analysis") == "on" else "off"
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


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return render(request, "403_csrf.html", status=403)
