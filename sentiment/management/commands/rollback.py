from typing import Any

from django.core.management.base import BaseCommand, CommandError

from sentiment.core.critic.checkpoints import CheckpointError
from sentiment.core.critic.engines import EngineError
from sentiment.versions.promotion import earlier, roll_back
from sentiment.worker.scorers import verify


class Command(BaseCommand):
    help = "Return to the version that served before the present one."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            verify(earlier().version)
            self.stdout.write(f"{roll_back()} serves again.")
        except LookupError as error:
            raise CommandError(str(error)) from None
        except (CheckpointError, EngineError) as error:
            raise CommandError(f"{earlier().version} cannot serve again: {error}") from None
