from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from sentiment.core.critic.checkpoints import CheckpointError
from sentiment.management.commands.train import train_with_bar
from sentiment.models import ModelVersion, Promotion
from sentiment.versions import runs
from sentiment.versions.promotion import promote
from sentiment.worker import registering
from sentiment.worker.scorers import folder


class Command(BaseCommand):
    help = "Bring the critic that a site starts with, unless a version serves whose folder is here."

    def handle(self, *args: Any, **options: Any) -> None:
        serving = Promotion.objects.serving()
        if serving and folder(serving).is_dir():
            return
        if serving:
            self.stderr.write(
                f"The folder of {serving} is not in {settings.MODELS_DIR}: another critic takes its place."
            )
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
            self._replace_missing(version)
            self.stdout.write(f"The critic is ready: {version}, from {version.labels} labels.")

    @staticmethod
    def _replace_missing(version: ModelVersion) -> None:
        """Promote the version that was just trained where what serves cannot: no rule speaks for what is not there."""
        serving = Promotion.objects.serving()
        if serving and not folder(serving).is_dir():
            promote(version, reason=f"the folder of {serving} is missing")
