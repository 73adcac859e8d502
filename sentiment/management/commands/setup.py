from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from tqdm import tqdm

from sentiment.bulk import demo
from textflix.members.administrators import make_administrator
from textflix.members.models import User
from textflix.movies.catalogue.load import import_catalogue
from textflix.movies.models import Movie
from textflix.pages import site_figures


class Command(BaseCommand):
    help = "Bring a new or old database to where the site can start: tables, catalogue, demo corpus, an administrator."

    def handle(self, *args: Any, **options: Any) -> None:
        call_command("migrate", verbosity=0, interactive=False)
        call_command("createcachetable", verbosity=0)
        wanted = not User.objects.filter(is_superuser=True).exists()
        if wanted and not (settings.ADMIN_USERNAME and settings.ADMIN_EMAIL):
            raise CommandError(
                "Set ADMIN_USERNAME and ADMIN_EMAIL: the first administrator needs a name that nobody guesses, and "
                "an address that letters reach."
            )
        if not Movie.objects.filter(listed=True).exists():
            self.stdout.write("Loading the catalogue of films …")
            with transaction.atomic():  # whole or not at all: the next start asks only whether it is there
                import_catalogue()
        if not demo.is_loaded():
            self.stdout.write("Loading the demo corpus …")
            with tqdm(desc="Demo corpus", unit=" reviews", disable=None) as bar:
                demo.load(bar.update)
        if wanted:
            make_administrator()
        site_figures.renew()
