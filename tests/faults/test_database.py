"""Rows are held and stores fail while people post: they are told so at once, keep what they wrote, and nothing is lost.

Every test first proves that its fault struck while work was in flight.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest
import requests

from tests.conftest import PAN, PRAISE
from tests.faults.steps import PENDING, SCORING, asleep, films, read_again, readiness, scored
from tests.live import Site, Visitor, wait_for

pytestmark = [pytest.mark.faults, pytest.mark.usefixtures("everything_is_read_in_the_end")]
AT_ONCE = 5.0
"""Seconds in which a page must say that it cannot save, beside what it takes to make: it waits two for its turn behind
others who want the row, and two for the row."""
HELD = (
    "SELECT NOT EXISTS (SELECT 1 FROM sentiment_moviesentiment JOIN movies_movie ON id = movie_id"
    " WHERE slug = %s FOR UPDATE OF sentiment_moviesentiment SKIP LOCKED)"
)
WAITS_FOR_TABLE = "SELECT pid FROM pg_locks WHERE NOT granted AND relation = %s::regclass"
WAITS_FOR_ROW = "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'"
IDLE = "SELECT count(*) FROM pg_stat_activity WHERE state = 'idle in transaction' AND pid = %s"


def is_held(site: Site, film: str) -> bool:
    return bool(site.one(HELD, film.split("/")[2]))


def seconds_a_page(site: Site) -> float:
    return requests.get(site.address + "/films/?q=nothing", timeout=30).elapsed.total_seconds()


def refused(page: float, *sent: Callable[[], requests.Response]) -> list[str]:
    """Send forms all at once; each must be told at once to come back. Returns the pages; `page` is what one takes."""
    with ThreadPoolExecutor(len(sent)) as pool:
        answers = list(pool.map(lambda send: send(), sent))
    assert [answer.status_code for answer in answers] == [503] * len(sent)
    assert all("Retry-After" in answer.headers for answer in answers)
    # A machine that is busy with other things is no defect of the page.
    assert max(answer.elapsed.total_seconds() for answer in answers) < AT_ONCE + 10 * len(sent) * page
    return [answer.text for answer in answers]


def test_a_worker_frozen_within_its_transaction(site: Site, member: Visitor) -> None:
    """A table's lock holds the worker where it has locked the film; there it stands still, then the lock is gone."""
    wait_for(lambda: site.one(PENDING) == 0, 240, "nothing else to read")
    film, other = films(site, 2)
    editor, deleter = (Visitor(site).sign_up(name) for name in ("editor", "deleter"))
    edited, deleted = editor.write(film, PRAISE + " Twice."), deleter.write(film, PRAISE + " Thrice.")
    scored(member, edited, deleted)
    new, text = PRAISE + " Frozen out.", PAN + " Frozen out."
    forms = (
        member.filled(f"{film}review/", text=new),
        editor.filled(f"/review/{edited}/edit/", text=text),
        deleter.filled(f"/review/{deleted}/delete/", sure="yes"),
    )
    page = seconds_a_page(site)
    with ExitStack() as frozen:
        with site.database() as database, database.cursor() as cursor:
            cursor.execute("LOCK TABLE sentiment_moviefigures IN SHARE MODE")
            read_again(site, edited)
            waits = [WAITS_FOR_TABLE, "sentiment_moviefigures"]
            ((pid,),) = wait_for(lambda: site.sql(*waits), 30, "the worker about to write figures", every=0.01)
            frozen.enter_context(asleep(site, SCORING))
        wait_for(lambda: site.one(IDLE, pid), 5, "the worker frozen within its transaction", every=0.01)
        assert is_held(site, film)
        posted, changed, removed = refused(page, *forms)
        assert new in posted
        assert text in changed
        assert "was not saved" in removed
        assert member.write(other, PAN + " Of another film.")
        wait_for(lambda: not is_held(site, film), 20, "the film free again")
        review = member.write(film, new)
        assert editor.open(f"/review/{edited}/edit/", text=text).ok
        assert deleter.open(f"/review/{deleted}/delete/", sure="yes").ok
    scored(member, review, edited)
    assert member.verdict(edited)["verdict"] == "negative"


def test_a_film_that_another_session_holds_keeps_no_other_film_waiting(site: Site, member: Visitor) -> None:
    wait_for(lambda: site.one(PENDING) == 0, 240, "nothing else to read")
    film, other = films(site, 2)
    author = Visitor(site).sign_up("unlucky")
    stuck, beside = author.write(film, PRAISE + " Locked."), author.write(other, PRAISE + " Beside it.")
    scored(author, stuck, beside)
    with site.database() as database, database.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM sentiment_moviesentiment JOIN movies_movie ON id = movie_id WHERE slug = %s"
            " FOR UPDATE OF sentiment_moviesentiment",
            [film.split("/")[2]],
        )
        read_again(site, stuck, beside)
        wait_for(lambda: site.one(WAITS_FOR_ROW), 30, "the worker waiting for the film", every=0.01)
        (answer,) = refused(seconds_a_page(site), member.filled(f"{film}review/", text=PAN + " Locked."))
        assert PAN + " Locked." in answer
        read = member.write(other, PAN + " Not locked.")
        scored(member, read)
        # Claimed together with the one that is stuck, and every time again in which both have rested.
        wait_for(lambda: member.verdict(beside)["state"] == "scored", 240, "the review beside it read")
        assert member.verdict(stuck)["state"] == "pending"
        assert is_held(site, film)
    scored(member, stuck)


def test_a_store_that_fails_more_often_than_a_text_may(site: Site, member: Visitor) -> None:
    """The database itself refuses every score, and counts how often: a sequence keeps what a rollback undoes."""
    reviews = [member.write(film, PRAISE + f" Refused on {film}.") for film in films(site, 2)]
    scored(member, *reviews)
    site.sql("CREATE SEQUENCE struck")
    site.sql(
        "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM nextval('struck');"
        " RAISE EXCEPTION 'could not extend file' USING ERRCODE = 'disk_full'; END $$"
    )
    site.sql("CREATE TRIGGER full_disk BEFORE INSERT ON sentiment_score FOR EACH ROW EXECUTE FUNCTION full_disk()")
    try:
        read_again(site, *reviews)
        wait_for(lambda: site.one("SELECT last_value FROM struck") > 4, 120, "more failures than a text may have")
        assert [member.verdict(review)["state"] for review in reviews] == ["pending"] * 2
        wait_for(lambda: readiness(site) == (200, "degraded"), 20, "readyz says so")
        assert member.open("/films/").ok
    finally:
        site.sql("DROP FUNCTION full_disk CASCADE")
        site.sql("DROP SEQUENCE struck")
    scored(member, *reviews)
    wait_for(lambda: readiness(site) == (200, "ok"), 20, "readyz says so")


def test_while_redis_hangs_readyz_answers_at_once_and_says_that_nobody_reads(site: Site, member: Visitor) -> None:
    with asleep(site, "valkey-server"):
        review = member.write(films(site, 1)[0], PRAISE + " While it hung.")
        answers = [requests.get(site.address + "/readyz", timeout=5) for _ in range(5)]
        assert {answer.status_code for answer in answers} == {200}
        assert max(answer.elapsed.total_seconds() for answer in answers) < 1
        assert member.verdict(review)["state"] == "pending"
        wait_for(lambda: readiness(site) == (200, "down"), 60, "reading said to be down")
    wait_for(lambda: readiness(site) == (200, "ok"), 60, "reading said to go on")
