from argparse import ArgumentParser, Namespace
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from sentiment.core.corpus.data import DataError
from sentiment.core.critic.bases import BaseError
from sentiment.core.critic.checkpoints import CheckpointError
from sentiment.core.curve import experiment


class Command(BaseCommand):
    help = "The learning-curve experiment: how often each model is right for how many labels (docs/learning-curve.md)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        experiment.add_options(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            experiment.main(Namespace(**options))
        except (DataError, BaseError, CheckpointError, OSError) as error:
            raise CommandError(str(error)) from None
