from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from sentiment.core.critic.checkpoints import CheckpointError
from sentiment.core.critic.engines import EngineError
from sentiment.models import ModelVersion
from sentiment.versions.promotion import promote
from sentiment.worker.scorers import verify


class Command(BaseCommand):
    help = "Let a version serve. Its readings replace the earlier ones in the background, new posts first."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("version", type=int)

    def handle(self, *args: Any, **options: Any) -> None:
        version = ModelVersion.objects.filter(pk=options["version"]).first()
        if version is None:
            known = ", ".join(str(pk) for pk in ModelVersion.objects.values_list("pk", flat=True)) or "none yet"
            raise CommandError(f"There is no version {options['version']} (known: {known}).")
        try:
            verify(version)
        except (CheckpointError, EngineError) as error:
            raise CommandError(f"{version} was not promoted: {error}") from None
        changed = promote(version, reason="promoted by command")
        self.stdout.write(f"{version} serves{'' if changed else ' already'}.")
