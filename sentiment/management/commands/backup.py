from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from sentiment.bulk.backups import BackupError, back_up


class Command(BaseCommand):
    help = "Keep the whole site in a new folder: its database and its critics. The site may run meanwhile."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path, help="where to; it must not exist yet")

    def handle(self, *args: Any, folder: Path, **options: Any) -> None:
        try:
            back_up(folder)
        except BackupError as error:
            raise CommandError(str(error)) from None
        self.stdout.write(f"The site is kept in {folder.absolute()}.")
