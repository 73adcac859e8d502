import argparse
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from textflix.movies.catalogue.files import NotACatalogue
from textflix.movies.catalogue.load import SOURCES, import_catalogue


class Command(BaseCommand):
    help = "Load the catalogue of films: the packaged one from Wikidata, or a file of IMDb's title.basics.tsv layout."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("path", nargs="?", type=Path, help="the file to read; wikidata needs none")
        parser.add_argument("--source", choices=SOURCES, default="wikidata")

    def handle(self, *, source: str, path: Path | None, **options: Any) -> None:
        if source != "wikidata" and path is None:
            raise CommandError(f"--source {source} needs the PATH of a file.")
        try:
            result = import_catalogue(source, path, self._report)
        except NotACatalogue as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"{result.films:,} films: {result.added:,} new, {result.changed:,} changed, {result.unchanged:,} as before;"
            f" {result.skipped:,} rows skipped."
        )

    def _report(self, message: str) -> None:
        with tqdm.external_write_mode(file=sys.stderr):
            self.stderr.write(message)
