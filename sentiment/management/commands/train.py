from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from sentiment import retraining, training_runs


class Command(BaseCommand):
    help = "Train a critic from the seed and admin labels, judge it on the held-out rows, and promote it by rule."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--method", choices=["probe", "finetune"], default="probe")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            run = training_runs.request(method=options["method"])
        except training_runs.AlreadyTraining as error:
            raise CommandError(str(error)) from None
        version = train_with_bar()
        run.refresh_from_db()
        if run.state == run.State.FAILED:
            raise CommandError(run.message)
        if version is None:
            self.stdout.write("The training worker has taken it on; see the admin for its progress.")
            return
        found = version.metrics["heldout"]
        self.stdout.write(
            f"{version}: {version.labels} labels, first {version.layers} layers of {version.base}; held-out accuracy"
            f" {found['accuracy']:.1%} ({found['accuracy_low']:.1%} to {found['accuracy_high']:.1%}, n {found['n']})."
            f" {run.message}"
        )


def train_with_bar() -> Any:
    with tqdm(total=100, unit="%", disable=None, bar_format="{desc} |{bar}| {n:.0f} %") as bar:

        def report(share: float, message: str) -> None:
            bar.set_description_str(message, refresh=False)
            bar.update(100 * share - bar.n)

        return retraining.run_pending(report)
