"""Processes die and hang while reviews are being read and people post: nothing is lost, nothing is read twice.

Every test first proves that its fault struck while work was in flight.
"""

import signal
import time

import pytest
import redis

from tests.conftest import PAN, PRAISE
from tests.faults.steps import LEASED, PENDING, READ_ONCE, SCORING, WAITING_FOR_LOCKS, backlog, films
from tests.live import Site, Visitor, wait_for

pytestmark = [pytest.mark.faults, pytest.mark.usefixtures("everything_is_read_in_the_end")]


def test_a_worker_killed_in_mid_batch(site: Site, member: Visitor) -> None:
    backlog(site)
    wait_for(lambda: site.one(LEASED) > 0, 30, "a batch under way")
    site.kill(SCORING)
    assert site.one(LEASED) > 0
    assert site.one(PENDING) > 0
    review = member.write(films(site, 1)[0], PRAISE)
    found = wait_for(lambda: (v := member.verdict(review))["state"] != "pending" and v, 90, "the post read")
    assert (found["state"], found["verdict"]) == ("scored", "positive")


def test_all_wake_ups_lost(site: Site, member: Visitor) -> None:
    """The worker stands still, so that wake-ups pile up; then the broker forgets everything."""
    backlog(site)
    site.kill(SCORING, how=signal.SIGSTOP)
    try:
        reviews = [member.write(film, PAN + f" Seen on {film}.") for film in films(site, 3)]
        assert site.one(PENDING) > len(reviews)
        with redis.Redis(unix_socket_path=str((site.home / "run/sockets").readlink() / "valkey.sock")) as broker:
            wait_for(lambda: broker.llen("live") and broker.llen("backfill"), 30, "wake-ups of both kinds waiting")
            broker.flushall()
            assert broker.dbsize() == 0
    finally:
        site.kill(SCORING, how=signal.SIGCONT)
    for review in reviews:
        found = wait_for(lambda r=review: (v := member.verdict(r))["state"] != "pending" and v, 90, "the post read")
        assert found["verdict"] == "negative"


def test_redis_hangs_and_dies_while_people_post(site: Site) -> None:
    people = [Visitor(site).sign_up(f"poster{n}") for n in range(4)]
    pages, reviews = films(site, 4), []
    wait_for(lambda: site.one(READ_ONCE) == 0, 240, "second readings, between which posts are read without any wake-up")
    site.kill("valkey-server", how=signal.SIGSTOP)
    try:
        for person, page in zip(people[:2], pages[:2], strict=True):
            started = time.monotonic()
            reviews.append(person.write(page, PRAISE + f" Seen on {page}."))
            assert time.monotonic() - started < 1.5, "a form and a post"
            assert person.open(page).ok
        assert site.one(PENDING) == 2
    finally:
        site.kill("valkey-server", how=signal.SIGCONT)
    wait_for(lambda: site.one(PENDING) == 0, 90, "reading after the hang")
    site.kill("valkey-server")
    for person, page in zip(people[2:], pages[2:], strict=True):
        reviews.append(person.write(page, PAN + f" Seen on {page}."))
    verdicts = [
        wait_for(lambda r=r: (v := people[0].verdict(r))["state"] != "pending" and v["verdict"], 90, "the post read")
        for r in reviews
    ]
    assert verdicts == ["positive", "positive", "negative", "negative"]


def test_the_database_dies_while_reviews_are_read(site: Site, member: Visitor) -> None:
    backlog(site)
    wait_for(lambda: site.one(LEASED) > 0, 30, "a batch under way")
    site.kill("postgres", "-D")
    wait_for(lambda: member.get(site.address + "/films/", timeout=10).ok, 30, "pages again")
    assert site.one(PENDING) > 0
    review = member.write(films(site, 1)[0], PRAISE)
    wait_for(lambda: member.verdict(review)["state"] == "scored", 90, "the post read")


def test_an_edit_while_its_old_text_is_being_read(site: Site, member: Visitor) -> None:
    """A lock holds the worker between its reading and its writing; then it stands still until the edit is in."""
    review = member.write(films(site, 1)[0], PRAISE)
    wait_for(lambda: member.verdict(review)["state"] == "scored", 30, "the post read")
    old = site.one("SELECT digest FROM reviews_review WHERE id = %s", review)
    with site.database() as database, database.cursor() as cursor:
        cursor.execute("SELECT 1 FROM reviews_review WHERE id = %s FOR UPDATE", [review])
        site.sql("UPDATE sentiment_reading SET version_id = NULL, digest = '' WHERE review_id = %s", review)
        site.sql("DELETE FROM sentiment_score WHERE review_id = %s", review)
        wait_for(lambda: site.one(LEASED) == 1, 30, "the review under way")
        wait_for(lambda: site.one(WAITING_FOR_LOCKS) > 0, 30, "the worker about to write")
        site.kill(SCORING, how=signal.SIGSTOP)
    try:
        member.open(f"/review/{review}/edit/", text=PAN)
        assert site.one("SELECT digest FROM reviews_review WHERE id = %s", review) != old
    finally:
        site.kill(SCORING, how=signal.SIGCONT)
    found = wait_for(lambda: (v := member.verdict(review))["state"] == "scored" and v, 60, "the new text read")
    assert found["verdict"] == "negative"
    assert site.one("SELECT count(*) FROM sentiment_score WHERE review_id = %s AND digest = %s", review, old) == 0
