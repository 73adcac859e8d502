from django.urls import path

from textflix.pages import film, home, member

urlpatterns = [
    path("", home.home, name="home"),
    path("film/<slug:slug>/", film.film, name="film"),
    path("member/<slug:username>/", member.member, name="member"),
]
