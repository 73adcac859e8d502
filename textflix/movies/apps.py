from django.apps import AppConfig


class MoviesConfig(AppConfig):
    name = "textflix.movies"
