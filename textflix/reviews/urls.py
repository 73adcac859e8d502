from django.urls import path

from textflix.kept import kept
from textflix.movies.revisions import of_film, of_lists
from textflix.reviews import analysis, feeds, views

urlpatterns = [
    path("film/<slug:slug>/review/", views.review_new, name="review_new"),
    path("film/<slug:slug>/feed/", kept(lambda request, slug: of_film(slug=slug))(feeds.FilmFeed()), name="film_feed"),
    path(
        "member/<slug:username>/feed/",
        kept(lambda request, username: of_lists())(feeds.MemberFeed()),
        name="member_feed",
    ),
    path("review/<int:pk>/", views.review, name="review"),
    path("review/<int:pk>/edit/", views.review_edit, name="review_edit"),
    path("review/<int:pk>/delete/", views.review_delete, name="review_delete"),
    path("analysis/", analysis.analysis, name="analysis"),
]
