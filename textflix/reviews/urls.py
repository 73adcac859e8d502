from django.urls import path

from textflix.reviews import feeds, views

urlpatterns = [
    path("film/<slug:slug>/review/", views.review_new, name="review_new"),
    path("film/<slug:slug>/feed/", feeds.FilmFeed(), name="film_feed"),
    path("member/<slug:username>/feed/", feeds.MemberFeed(), name="member_feed"),
    path("review/<int:pk>/", views.review, name="review"),
    path("review/<int:pk>/edit/", views.review_edit, name="review_edit"),
    path("review/<int:pk>/delete/", views.review_delete, name="review_delete"),
]
