import time
from argparse import ArgumentParser
from itertools import islice
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from sentiment.bulk.files import FORMATS, ReadError
from sentiment.bulk.reviews import import_rows
from textflix.reviews.models import Source


class Command(BaseCommand):
    help = "Import reviews without author or date, joined to films by IMDb id. Run it again to resume; known rows stay."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("path", type=Path, help="an aclImdb archive or folder, or a .jsonl or .csv file")
        parser.add_argument("--format", choices=FORMATS, required=True)
        parser.add_argument("--limit", type=int, help="read at most this many reviews")
        parser.add_argument(
            "--create-missing",
            action="store_true",
            help="keep reviews of unknown films, on untitled films outside browse",
        )

    def handle(self, *args: Any, path: Path, limit: int | None, **options: Any) -> None:
        if not path.exists():
            raise CommandError(f"{path} does not exist.")
        if limit is not None and limit < 1:
            raise CommandError("--limit must be at least 1.")
        reader, started = FORMATS[options["format"]], time.monotonic()
        try:
            if options["format"] != "aclimdb":
                for _ in islice(reader(path), limit):
                    pass  # a bad line anywhere is found before anything is written
            with tqdm(unit=" reviews", disable=None) as bar:
                tally = import_rows(
                    islice(reader(path), limit),
                    source=Source.ACLIMDB if options["format"] == "aclimdb" else Source.FILE,
                    label_source="imported",
                    create_missing=options["create_missing"],
                    progress=bar.update,
                )
        except ReadError as error:
            raise CommandError(str(error)) from None
        kept = "" if options["create_missing"] else f", {tally.unknown_films:,} of unknown films skipped"
        self.stdout.write(
            f"{tally.read:,} read, {tally.imported:,} imported, {tally.known:,} known already{kept}"
            f" ({time.monotonic() - started:.0f} s)."
        )
