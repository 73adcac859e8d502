from django.contrib import admin
from django.urls import include, path

from textflix import sitemaps, views
from textflix.movies.sitemaps import FILMS
from textflix.reviews.sitemaps import REVIEWS

SITEMAPS = {"sections": (FILMS, REVIEWS)}

handler500 = "textflix.outages.failed"

urlpatterns = [
    path("", include("textflix.pages.urls")),
    path("", include("textflix.movies.urls")),
    path("", include("textflix.reviews.urls")),
    path("", include("sentiment.urls")),
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
    path("analysis/", views.analysis, name="analysis"),
    path("healthz", views.healthz, name="healthz"),
    path("robots.txt", views.robots, name="robots"),
    path("favicon.ico", views.favicon, name="favicon"),
    path("sitemap.xml", sitemaps.index, SITEMAPS, name="sitemap"),
    path("sitemap-<slug:name>-<int:number>.xml", sitemaps.file, SITEMAPS, name="sitemap_file"),
]
