from django.urls import path

from textflix.movies import compare_views, people_views, views

urlpatterns = [
    path("films/", views.films, name="films"),
    path("films/suggest/", views.suggest, name="suggest"),
    path("compare/", compare_views.compare, name="compare"),
    path("people/", people_views.people, name="people"),
    path("person/<int:pk>-<slug:slug>/", people_views.person, name="person"),
]
