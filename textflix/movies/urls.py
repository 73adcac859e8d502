from django.urls import path

from textflix.movies import views

urlpatterns = [
    path("", views.home, name="home"),
    path("films/", views.films, name="films"),
    path("film/<slug:slug>/", views.film, name="film"),
]
