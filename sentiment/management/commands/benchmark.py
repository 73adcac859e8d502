from argparse import ArgumentParser, Namespace
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from sentiment.core.corpus.data import DataError
from sentiment.core.critic.checkpoints import CheckpointError
from sentiment.core.measuring import bench


class Command(BaseCommand):
    help = "How fast this machine does its work: `benchmark scoring` compares the engines a critic can read with."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parts = parser.add_subparsers(required=True, metavar="part")
        bench.add_options(parts.add_parser("scoring", help=bench.__doc__.partition("\n")[0]))

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            bench.main(Namespace(**options))
        except (DataError, CheckpointError, OSError) as error:
            raise CommandError(str(error)) from None
