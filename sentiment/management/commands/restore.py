from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from sentiment.bulk.backups import BackupError, restore


class Command(BaseCommand):
    help = "Bring back a site that `backup` kept, into an empty database, or in the place of what is there."
    requires_system_checks: list[str] = []  # the database may be empty

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path, help="what `backup` made")
        parser.add_argument("--replace", action="store_true", help="give up the site that is in the database now")

    def handle(self, *args: Any, folder: Path, replace: bool, **options: Any) -> None:
        try:
            restore(folder, replace=replace)
        except BackupError as error:
            raise CommandError(str(error)) from None
        self.stdout.write(f"The site of {folder.absolute()} is back: start it.")
