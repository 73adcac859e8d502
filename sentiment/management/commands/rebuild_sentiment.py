from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from sentiment.verdicts import consistency
from textflix.pages import site_figures

MOST_LINES = 20


class Command(BaseCommand):
    help = (
        "Recompute what is stored from its rows; --check only compares, and exits 1 on any difference. "
        "Sums over all films, which a sweep renews, are renewed first."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="report differences, and mend none")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["check"]:
            reviews, films = consistency.rebuild()
            site_figures.renew()
            self.stdout.write(f"Mended {reviews:,} reviews and {films:,} films.")
            return
        site_figures.renew()
        found = consistency.differences()
        for line in found[:MOST_LINES]:
            self.stderr.write(line)
        if found:
            raise CommandError(f"{len(found):,} differences. Mend them with: manage.py rebuild_sentiment")
        reviews, films = consistency.totals()
        self.stdout.write(f"No differences: {reviews:,} reviews, {films:,} films.")
