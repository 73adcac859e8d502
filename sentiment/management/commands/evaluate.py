import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from sentiment.core.corpus.data import DataError, read_examples
from sentiment.core.critic.checkpoints import CheckpointError
from sentiment.models import ModelVersion
from sentiment.worker import registering
from sentiment.worker.scorers import critic_of


class Command(BaseCommand):
    help = "Judge a version on labelled texts: accuracy with its interval, calibration, confusion."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--data", type=Path, help="JSON lines with text and label; default: the packaged held-out rows"
        )
        parser.add_argument("--split", help="only rows of this split")
        parser.add_argument("--critic", type=int, metavar="VERSION", help="default: the serving one")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, data: Path | None, split: str | None, **options: Any) -> None:
        version = ModelVersion.objects.filter(pk=options["critic"]).first()
        if options["critic"] is not None and version is None:
            raise CommandError(f"There is no version {options['critic']}.")
        try:
            examples = read_examples(data, split) if data else registering.heldout()
            found = registering.evaluated(critic_of(version), [e for e in examples if e.label is not None])
        except (CheckpointError, DataError, LookupError) as error:
            raise CommandError(str(error)) from None
        if options["json"]:
            self.stdout.write(json.dumps(found))
            return
        self.stdout.write(
            f"{found['n']} texts: accuracy {found['accuracy']:.1%} ({found['accuracy_low']:.1%} to"
            f" {found['accuracy_high']:.1%}), macro-F1 {found['macro_f1']:.3f}, Brier {found['brier']:.3f},"
            f" calibration error {found['ece']:.3f}"
        )
