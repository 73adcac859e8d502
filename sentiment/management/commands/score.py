from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from sentiment.core.__main__ import main
from sentiment.core.critic.checkpoints import CheckpointError
from sentiment.worker.scorers import critic_of


class Command(BaseCommand):
    help = "Read the texts of a JSONL file with the serving version, without storing anything in the database."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--input", type=Path, required=True)
        parser.add_argument("--output", type=Path, required=True)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            critic = critic_of(None)
        except (CheckpointError, LookupError) as error:
            raise CommandError(str(error)) from None
        files = [f"--{name}={options[name]}" for name in ("input", "output")]
        if main(["score", f"--critic={critic}", *files]):
            raise CommandError("Nothing was written.")
