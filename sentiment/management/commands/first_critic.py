from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from sentiment.core.critic.checkpoints import CheckpointError
from sentiment.management.commands.train import train_with_bar
from sentiment.models import Promotion
from sentiment.versions import runs
from sentiment.versions.promotion import promote
from sentiment.worker import registering


class Command(BaseCommand):
    help = "Bring the critic that a new site starts with; does nothing where a version serves already."

    def handle(self, *args: Any, **options: Any) -> None:
        if Promotion.objects.serving():
            return
        if settings.SENTIMENT_CRITIC == "shipped":
            self._ship()
        else:
            self._train()

    def _ship(self) -> None:
        try:
            version = registering.shipped()
        except CheckpointError as error:
            raise CommandError(f"{error} Install the project again, or set SENTIMENT_CRITIC=demo.") from None
        promote(version, reason="the critic that comes with the project")
        self.stdout.write(f"The critic is ready: {version}, from {version.labels} labels.")

    def _train(self) -> None:
        self.stdout.write("Training the first critic; the site is up meanwhile …")
        try:
            run = runs.request()
        except runs.AlreadyTraining:
            run = None
        version = train_with_bar()
        if version is None and run is not None:
            run.refresh_from_db()
            if run.state == run.State.FAILED:
                raise CommandError(run.error)
        if version is not None:
            self.stdout.write(f"The critic is ready: {version}, from {version.labels} labels.")
