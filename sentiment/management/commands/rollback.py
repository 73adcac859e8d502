from typing import Any

from django.core.management.base import BaseCommand, CommandError

from sentiment.versions.promotion import roll_back


class Command(BaseCommand):
    help = "Return to the version that served before the present one."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self.stdout.write(f"{roll_back()} serves again.")
        except LookupError as error:
            raise CommandError(str(error)) from None
