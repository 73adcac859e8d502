"""Whatever is written, the next visitor is shown what is so now."""

import random
import re
import threading

import pytest
import time_machine
from django.apps import apps as django_apps
from django.core.cache import caches
from django.db import connection, connections, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from sentiment.models import Reading
from sentiment.verdicts.aggregates import refresh
from sentiment.verdicts.consistency import rebuild
from tests.kept.asking import pages
from tests.kept.writes import write_at_random
from tests.makers import TEXT, make_member, make_movie, make_review, read
from textflix.movies import revisions
from textflix.movies.models import Movie

pytestmark = pytest.mark.django_db


@pytest.mark.django_db(transaction=True)
def test_the_change_that_began_first_and_was_committed_last_is_seen():
    """Two films' writers do not wait for each other, and each moves the lists' revision when it commits."""
    first, second = make_movie("first"), make_movie("second")
    late, may_commit = threading.Event(), threading.Event()

    def write_late() -> None:
        with transaction.atomic():
            refresh([first.pk])
            late.set()
            may_commit.wait(10)
        connections.close_all()

    writer = threading.Thread(target=write_late)
    writer.start()
    assert late.wait(10)
    before = revisions.of_lists()
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '1s'")
    refresh([second.pk])
    between = revisions.of_lists()
    revisions.add_up()
    assert revisions.of_lists() == between > before
    may_commit.set()
    writer.join()
    assert revisions.of_lists() > between
    connection.close()


@pytest.mark.usefixtures("versions")
def test_rebuilding_mends_what_is_kept_too(client, movie):
    praised, panned = movie.reviews.get(), read(make_review(movie, make_member("zenobia"), text=f"{TEXT} Not."), 0.1)
    shown = client.get(praised.get_absolute_url()).content
    for review, wrong in ((praised, "negative"), (panned, "positive")):
        Reading.objects.filter(review=review).update(verdict=wrong)
    caches["visitors"].clear()
    assert client.get(praised.get_absolute_url()).content != shown
    rebuild()
    assert client.get(praised.get_absolute_url()).content == shown


# What pages show and what each of its writers says by `moved()`, mostly by way of `refresh()`.
SAID = {
    *("reviews_review", "sentiment_reading", "sentiment_score", "sentiment_aspectmention", "sentiment_label"),
    *("sentiment_judgement", "sentiment_highlight"),
    *("sentiment_moviesentiment", "sentiment_moviefigures", "sentiment_movieaspect", "movies_sitefigures"),
}
# What no visitor's page shows.
UNSEEN = {
    *("members_user_groups", "members_user_user_permissions", "members_limitedevent"),
    *("sentiment_scoringworker", "sentiment_scorerequest", "sentiment_trainingrun"),
}


def test_every_table_that_pages_show_is_noticed_or_spoken_for():
    """A table that comes later has to be put into one of the three, or a page of it could be shown stale."""
    apps = ("movies", "members", "reviews", "sentiment")
    models = django_apps.get_models(include_auto_created=True)
    tables = {model._meta.db_table for model in models if model._meta.app_label in apps}
    with connection.cursor() as cursor:
        cursor.execute("SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgfoid = 'everything_changes'::regproc")
        noticed = {table for (table,) in cursor.fetchall()}
    assert tables == SAID | UNSEEN | noticed
    assert not noticed & (SAID | UNSEEN)


@pytest.mark.usefixtures("nothing_is_off")
@pytest.mark.parametrize("seed", range(4))
def test_after_any_writes_the_next_answer_is_what_it_would_be_if_nothing_were_kept(seed, movie, versions):
    chance, visitor, member = random.Random(seed), Client(), Client()
    member.force_login(make_member("reader"))
    done, kept_pages = [], 0
    with time_machine.travel("2026-05-01 12:00:00Z", tick=False):
        for _ in range(20):
            movie = Movie.objects.order_by("pk").first()
            addresses = pages(movie)
            for address in addresses:
                visitor.get(address)
            done.append(write_at_random(chance))
            asked = [(who, address) for address in {*addresses, *pages(movie)} for who in (visitor, member)]
            shown = {}
            for who, address in asked:
                with CaptureQueriesContext(connection) as captured:
                    shown[who, address] = answer(who, address)
                kept_pages += who is visitor and len(captured) == 1
            for name in ("pages", "visitors", "default"):
                caches[name].clear()
            for who, address in asked:
                assert shown[who, address] == answer(who, address), (address, done)
    assert kept_pages > 20, "pages of which nothing changed must have come from what is kept"
    assert len(set(done)) > 9


def answer(client: Client, address: str) -> tuple[int, bytes]:
    """Status and body, with the tokens of forms taken out."""
    found = client.get(address)
    return found.status_code, re.sub(rb'(csrfmiddlewaretoken" value|x-csrftoken": )(=)?"\w+"', b"", found.content)
