from django.apps import AppConfig


class SentimentConfig(AppConfig):
    name = "sentiment"
    verbose_name = "The critic"

    def ready(self) -> None:
        from sentiment import signals  # noqa: F401  connects the receivers; models must be loaded first
