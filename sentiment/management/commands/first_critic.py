from typing import Any

from django.core.management.base import BaseCommand, CommandError

from sentiment import training_runs
from sentiment.management.commands.train import train_with_bar
from sentiment.promotion import serving


class Command(BaseCommand):
    help = "Train the critic that a new site starts with; does nothing where a version serves already."

    def handle(self, *args: Any, **options: Any) -> None:
        if serving():
            return
        self.stdout.write("Training the first critic; the site is up meanwhile …")
        try:
            run = training_runs.request()
        except training_runs.AlreadyTraining:
            run = None
        version = train_with_bar()
        if version is None and run is not None:
            run.refresh_from_db()
            if run.state == run.State.FAILED:
                raise CommandError(run.message)
        if version is not None:
            self.stdout.write(f"The critic is ready: {version}, from {version.labels} labels.")
