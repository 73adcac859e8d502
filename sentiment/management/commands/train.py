from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from sentiment.core.corpus.data import DataError
from sentiment.core.critic.bases import BaseError
from sentiment.core.critic.checkpoints import CheckpointError
from sentiment.models import ModelVersion
from sentiment.versions import runs
from sentiment.worker import retraining


class Command(BaseCommand):
    help = (
        "Train a critic from the seed and admin labels, judge it on the held-out rows, and promote it by rule. "
        "With --data, from a CSV file of your own: on the base that suits it best, and not promoted."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--method", choices=["probe", "finetune"], help="default: probe; with --data, finetune")
        parser.add_argument("--data", type=Path, metavar="F.csv", help="columns text and label (positive or negative)")

    def handle(self, *args: Any, data: Path | None, method: str | None, **options: Any) -> None:
        if data:
            self._from_file(data, method or "finetune")
        else:
            self._from_site(method or "probe")

    def _from_file(self, data: Path, method: Any) -> None:
        try:
            with bar() as report:
                version, said = retraining.from_file(data, method, report)
        except (BaseError, CheckpointError, DataError) as error:
            raise CommandError(str(error)) from None
        self.stdout.write(f"{said}\nIt is {version}. To let it read the site: manage.py promote {version.pk}")

    def _from_site(self, method: str) -> None:
        try:
            run = runs.request(method=method)
        except runs.AlreadyTraining as error:
            raise CommandError(str(error)) from None
        version = train_with_bar()
        run.refresh_from_db()
        if run.state == run.State.FAILED:
            raise CommandError(run.error)
        if version is None:
            self.stdout.write("The training worker has taken it on; see the admin for its progress.")
            return
        found = version.metrics["heldout"]
        self.stdout.write(
            f"{version}: {version.labels} labels, first {version.layers} layers of {version.base}; held-out accuracy"
            f" {found['accuracy']:.1%} ({found['accuracy_low']:.1%} to {found['accuracy_high']:.1%}, n {found['n']})."
            f" {run.message}"
        )


def train_with_bar() -> ModelVersion | None:
    with bar() as report:
        return retraining.run_pending(report)


@contextmanager
def bar() -> Iterator[Callable[[float, str], None]]:
    with tqdm(total=100, unit="%", disable=None, bar_format="{desc} |{bar}| {n:.0f} %") as shown:

        def report(share: float, message: str) -> None:
            shown.set_description_str(message, refresh=False)
            shown.update(100 * share - shown.n)

        yield report
