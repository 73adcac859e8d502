"""Visitors' pages are kept: made once, never stale, nobody's own."""

import gzip
import random
import re
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import time_machine
from django.core.cache import caches
from django.db import connection, connections, transaction
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext

from sentiment.bulk.reviews import Row, import_rows
from sentiment.labelling.labels import relabel
from sentiment.models import ModelVersion, Promotion
from sentiment.verdicts.aggregates import refresh
from sentiment.versions.promotion import promote
from sentiment.worker.scorers import Chosen
from sentiment.worker.scoring import claim, store
from tests.load.generator import prediction
from tests.makers import TEXT, make_member, make_movie, make_review, read
from textflix.kept import kept
from textflix.movies import revisions
from textflix.movies.models import Movie, Person
from textflix.pages import site_figures
from textflix.reviews.changes import changing
from textflix.reviews.models import Review

pytestmark = pytest.mark.django_db


def pages(movie: Movie) -> list[str]:
    film, other = f"/film/{movie.slug}/", Movie.objects.exclude(pk=movie.pk).first()
    person, review = Person.objects.first(), movie.reviews.order_by("pk").first()
    author = review.author.get_absolute_url() if review and review.author else ""
    return [
        *("/", "/films/", "/films/?sort=positive", "/films/?praised=acting", "/people/", "/critic/"),
        *(film, f"{film}?sort=negative", f"{film}why/acting/", f"{film}similar/", f"{film}feed/"),
        *([f"/compare/?a={movie.slug}&b={other.slug}"] if other else []),
        *([person.get_absolute_url()] if person else []),
        *([review.get_absolute_url()] if review else []),
        *([author, f"{author}feed/"] if author else []),
    ]


def queries(client: Client, address: str, **headers: str) -> list[str]:
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address, headers=headers).status_code < 500
    return [query["sql"] for query in captured]


@pytest.fixture
def movie() -> Movie:
    movie = make_movie("rear-window")
    person = Person.objects.create(name="Ann")
    movie.credits.create(person=person, role="director", position=1)
    make_movie("other")
    read(make_review(movie, make_member()), 0.9, [(TEXT, 1.0)])
    return movie


def test_a_visitors_page_costs_one_query_until_what_it_shows_changes(client, movie):
    for address in pages(movie):
        assert len(queries(client, address)) > 1, address
        (asked,) = queries(client, address)
        assert "revision_of" in asked, address
    make_review(movie, make_member("zenobia"), text=f"{TEXT} Twice.")
    for address in pages(movie):
        assert len(queries(client, address)) > 1, address


def test_another_films_page_stays_kept(client, movie):
    queries(client, "/film/other/")
    make_review(movie, make_member("zenobia"), text=f"{TEXT} Twice.")
    assert len(queries(client, "/film/other/")) == 1


def test_who_has_a_session_gets_a_page_of_their_own(client, movie):
    kept_page = client.get(movie.get_absolute_url()).content.decode()
    client.force_login(make_member("zenobia"))
    own = client.get(movie.get_absolute_url())
    assert "zenobia" in own.content.decode()
    assert own["Cache-Control"] == "private, no-store"
    assert "zenobia" not in kept_page
    client.logout()
    assert client.get(movie.get_absolute_url()).content.decode() == kept_page


def test_what_is_said_to_one_visitor_is_kept_for_none(client, movie):
    zenobia = make_member("zenobia")
    client.force_login(zenobia)
    client.post("/accounts/logout/", follow=True)
    assert "zenobia" not in Client().get("/").content.decode()


def test_whoever_hid_the_analysis_and_whoever_did_not_get_different_pages(client, movie):
    shown = client.get(movie.get_absolute_url()).content.decode()
    client.post("/analysis/", {"analysis": "off", "next": "/"})
    hidden = client.get(movie.get_absolute_url()).content.decode()
    assert "<mark" in shown
    assert "<mark" not in hidden
    assert "<mark" in Client().get(movie.get_absolute_url()).content.decode()


def test_a_part_of_a_page_and_the_page_are_kept_apart(client, movie):
    address = f"/film/{movie.slug}/similar/"
    whole, part = client.get(address).content, client.get(address, headers={"HX-Request": "true"}).content
    assert b"<html" in whole
    assert b"<html" not in part
    assert client.get(address).content == whole
    assert {"HX-Request", "Cookie", "Accept-Encoding"} <= set(client.get(address)["Vary"].split(", "))


def test_no_kept_page_holds_a_token_and_its_forms_are_refused_without_one(movie):
    visitor = Client(enforce_csrf_checks=True)
    for address in pages(movie):
        answer = visitor.get(address)
        assert "csrfmiddlewaretoken" not in answer.content.decode(), address
        assert not answer.cookies, address
    for address in ("/analysis/", "/critic/try/"):
        assert visitor.post(address, {"analysis": "off", "text": TEXT}).status_code == 403
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', visitor.get(address).content.decode())[1]
        sent = {"analysis": "off", "next": "/", "text": TEXT, "csrfmiddlewaretoken": token}
        assert visitor.post(address, sent).status_code == 302


def test_a_page_that_asks_for_news_is_kept_for_a_short_while(client, movie):
    """Its questions come less often the longer it has been open: it must not seem to have been open for hours."""
    make_review(movie, make_member("zenobia"), text=f"{TEXT} Unread.")
    with time_machine.travel("2026-05-01 12:00:00Z", tick=False) as clock:
        queries(client, movie.get_absolute_url())
        clock.shift(50)
        assert len(queries(client, movie.get_absolute_url())) == 1
        clock.shift(20)
        assert len(queries(client, movie.get_absolute_url())) > 1


def test_a_page_that_a_browser_has_is_not_sent_again(client, movie):
    address = movie.get_absolute_url()
    tag = client.get(address)["ETag"]
    again = client.get(address, headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")
    assert again["ETag"] == tag
    make_review(movie, make_member("zenobia"), text=f"{TEXT} Twice.")
    changed = client.get(address, headers={"If-None-Match": tag})
    assert changed.status_code == 200
    assert changed["ETag"] != tag


def test_it_comes_compressed_to_who_takes_it_so(client, movie):
    plain = client.get("/")
    squeezed = client.get("/", headers={"Accept-Encoding": "br, gzip"})
    assert squeezed["Content-Encoding"] == "gzip"
    assert gzip.decompress(squeezed.content) == plain.content


def test_the_next_day_it_is_made_anew(client, movie):
    with time_machine.travel("2026-05-01 23:59:59Z", tick=False) as clock:
        queries(client, "/")
        assert len(queries(client, "/")) == 1
        clock.shift(2)
        assert len(queries(client, "/")) > 1


def test_a_search_is_not_kept(client, movie):
    queries(client, "/films/?q=window")
    assert len(queries(client, "/films/?q=window")) > 1


def test_it_is_made_once_however_many_ask_at_the_same_time():
    begun, go_on, made = threading.Barrier(2), threading.Event(), []

    @kept(lambda request: 1)
    def slow(request):
        made.append(request)
        begun.wait(5)
        go_on.wait(5)
        return HttpResponse("slow")

    factory = RequestFactory()
    with ThreadPoolExecutor(8) as readers:
        answers = [readers.submit(slow, factory.get("/slow/")) for _ in range(8)]
        begun.wait(5)
        go_on.set()
        assert {answer.result(5).content for answer in answers} == {b"slow"}
    assert len(made) == 1


def test_where_it_fails_the_others_ask_for_themselves():
    @kept(lambda request: 1)
    def fails(request):
        raise ValueError("broken")

    for _ in range(2):
        with pytest.raises(ValueError, match="broken"):
            fails(RequestFactory().get("/fails/"))


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


def write_at_random(chance: random.Random, version: ModelVersion, newer: ModelVersion) -> str:
    """Do one of the things that people, staff and workers do; what it was."""
    reviews, films = list(Review.objects.order_by("pk")), list(Movie.objects.order_by("pk"))
    review, film = chance.choice(reviews), chance.choice(films)
    number = chance.randrange(10**6)

    def post() -> None:
        make_review(film, make_member(f"member{number}"), text=f"{TEXT} {number}", stars=chance.randint(1, 10))

    def edit() -> None:
        review.text = f"{TEXT} Edited {number}."
        review.save(update_fields=["text"])

    def hide() -> None:
        with changing() as changes:
            ids = changes.take(Review.objects.filter(pk=review.pk))
            Review.objects.filter(pk__in=ids).update(hidden=not review.hidden)

    def rename() -> None:
        if review.author:
            review.author.username = f"renamed{number}"
            review.author.save()

    def retitle() -> None:
        Movie.objects.filter(pk=film.pk).update(title=f"Renamed {number}")

    def bring() -> None:
        import_rows(
            [Row(film.imdb_id, f"file/{number}", f"{TEXT} {number}", stars=3)], source="file", label_source="imported"
        )

    def serve() -> None:
        promote(chance.choice([version, newer]), reason=f"for the {number}th time")

    def score() -> None:
        serving = Promotion.objects.serving()
        if claimed := claim(serving, 2):
            store(Chosen(serving, serving), claimed, [prediction(item.text, chance) for item in claimed])

    acts = {
        "post": post,
        "edit": edit,
        "delete": review.delete if len(reviews) > 3 else post,
        "hide": hide,
        "label": lambda: relabel([review.pk], chance.choice(["positive", "negative", "cleared"]), source="admin"),
        "score": score,
        "promote": serve,
        "import": bring,
        "rename": rename,
        "retitle": retitle,
        "sweep": lambda: (site_figures.renew(), revisions.add_up()),
    }
    name = chance.choice(list(acts))
    acts[name]()
    return name


@pytest.mark.usefixtures("nothing_is_off")
@pytest.mark.parametrize("seed", range(2))
def test_after_any_writes_the_next_answer_is_what_it_would_be_if_nothing_were_kept(seed, movie, version_and_newer):
    chance, visitor, member = random.Random(seed), Client(), Client()
    member.force_login(make_member("reader"))
    done, kept_pages = [], 0
    with time_machine.travel("2026-05-01 12:00:00Z", tick=False):
        for _ in range(15):
            addresses = pages(movie)
            for address in addresses:
                visitor.get(address)
            done.append(write_at_random(chance, *version_and_newer))
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
    assert len(set(done)) > 6


def answer(client: Client, address: str) -> tuple[int, bytes]:
    """Status and body, with the tokens of forms taken out."""
    found = client.get(address)
    return found.status_code, re.sub(rb'(csrfmiddlewaretoken" value|x-csrftoken": )(=)?"\w+"', b"", found.content)


@pytest.fixture
def version_and_newer(movie) -> tuple[ModelVersion, ModelVersion]:
    version = ModelVersion.objects.get()
    promote(version, reason="the first")
    facts = {"name": "newer", "method": "probe", "base": "minilm", "layers": 4, "labels": 1}
    return version, ModelVersion.objects.create(fingerprint="e" * 64, **facts)
