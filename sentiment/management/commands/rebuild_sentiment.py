from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from sentiment.verdicts import consistency

MOST_LINES = 20


class Command(BaseCommand):
    help = "Recompute what is stored from its rows; --check only compares, and exits 1 on any difference."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="change nothing, report differences")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["check"]:
            reviews, films = consistency.rebuild()
            self.stdout.write(f"Mended {reviews:,} reviews and {films:,} films.")
            return
        found = consistency.differences()
        for line in found[:MOST_LINES]:
            self.stderr.write(line)
        if found:
            raise CommandError(f"{len(found):,} differences. Mend them with: manage.py rebuild_sentiment")
        reviews, films = consistency.totals()
        self.stdout.write(f"No differences: {reviews:,} reviews, {films:,} films.")
