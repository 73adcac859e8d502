from django.apps import AppConfig


class ReviewsConfig(AppConfig):
    name = "textflix.reviews"

    def ready(self) -> None:
        from textflix.reviews import changes  # noqa: F401  connects the receivers; models must be loaded first
