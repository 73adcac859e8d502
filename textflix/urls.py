from allauth.account.decorators import reauthentication_required
from allauth.account.views import password_change
from allauth.mfa.utils import is_mfa_enabled
from django.contrib import admin
from django.http import HttpRequest
from django.urls import include, path

from textflix import sitemaps, views
from textflix.movies.sitemaps import FILMS
from textflix.reviews.sitemaps import REVIEWS

SITEMAPS = {"sections": (FILMS, REVIEWS)}

handler500 = "textflix.outages.failed"


def has_set_up_second_factor(request: HttpRequest) -> bool:
    return request.user.is_authenticated and is_mfa_enabled(request.user)


# Who knows a password alone must not shut its owner out.
with_second_factor = reauthentication_required(app="allauth.account", enabled=has_set_up_second_factor)

urlpatterns = [
    path("", include("textflix.pages.urls")),
    path("", include("textflix.movies.urls")),
    path("", include("textflix.reviews.urls")),
    path("", include("sentiment.urls")),
    path("accounts/password/change/", with_second_factor(password_change)),
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
    path("healthz", views.healthz, name="healthz"),
    path("robots.txt", views.robots, name="robots"),
    path("favicon.ico", views.favicon, name="favicon"),
    path("sitemap.xml", sitemaps.index, SITEMAPS, name="sitemap"),
    path("sitemap-<slug:name>-<int:number>.xml", sitemaps.file, SITEMAPS, name="sitemap_file"),
]
