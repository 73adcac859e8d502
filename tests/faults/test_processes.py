"""Processes die again and again, hang, or die while people post: the rest of the site goes on, and nothing is lost.

Every test first proves that its fault struck while work was in flight.
"""

import itertools
import re
import signal
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from tests.conftest import PAN, PRAISE
from tests.faults.steps import LEASED, PENDING, SCORING, WAITING_FOR_LOCKS, films, read_again
from tests.live import Site, Visitor, wait_for

pytestmark = [pytest.mark.faults, pytest.mark.usefixtures("everything_is_read_in_the_end")]
BEING_READ = "SELECT review_id FROM sentiment_reading WHERE leased_until > now()"
UNREAD = "SELECT count(*) FROM sentiment_reading WHERE version_id IS NULL AND review_id = ANY(%s)"
STORED = "SELECT count(*) FROM reviews_review WHERE text = %s"


def said(site: Site) -> str:
    return (site.home.parent / "site.log").read_text()


def told(site: Site, what: str) -> int:
    return said(site).count(what)


def some_to_read(site: Site) -> None:
    """Enough for many batches, and no more than a busy machine reads in the time of a test."""
    read_again(site, *(review for (review,) in site.sql("SELECT id FROM reviews_review ORDER BY id LIMIT 300")))


def test_a_scoring_worker_that_hangs_is_replaced_and_its_batch_read(site: Site, member: Visitor) -> None:
    wait_for(lambda: told(site, "for the fifth time") == told(site, "worker runs again."), 120, "a steady worker")
    some_to_read(site)
    wait_for(lambda: site.one(LEASED) > 0, 30, "a batch under way")
    hung = site.kill(SCORING, how=signal.SIGSTOP)
    batch = [review for (review,) in site.sql(BEING_READ)]
    assert batch
    review = member.write(films(site, 1)[0], PRAISE)
    assert member.verdict(review)["state"] == "pending"
    wait_for(lambda: site.pids(SCORING) not in ([], hung), 150, "another scoring worker", every=1)
    wait_for(lambda: site.one(UNREAD, [*batch, review]) == 0, 120, "the batch and the post read")
    assert "The scoring worker gave no sign of life" in said(site)


def test_five_deaths_of_the_scoring_worker_within_a_minute(site: Site, member: Visitor) -> None:
    some_to_read(site)
    (another, *pages), deaths, pauses = films(site, 6), [], []
    for page in pages:
        wait_for(lambda: site.pids(SCORING), 30, "a scoring worker", every=0.02)
        pauses += [time.monotonic() - death for death in deaths[-1:]]
        site.kill(SCORING)
        deaths.append(time.monotonic())
        assert site.one(PENDING) > 0
        member.write(page, f"{PAN} Seen on {page}.")
    assert deaths[-1] - deaths[0] < 60
    assert all(pause >= least for pause, least in zip(pauses, (0, 1, 2, 4), strict=True)), pauses
    assert member.open(pages[0]).ok
    assert site.runner.poll() is None
    assert site.one(PENDING) > len(pages)
    wait_for(lambda: "The scoring worker ended with signal SIGKILL, for the fifth time" in said(site), 5, "it is told")
    wait_for(lambda: site.pids(SCORING), 30, "a scoring worker once more")
    review = member.write(another, PRAISE)
    wait_for(lambda: member.verdict(review)["state"] == "scored", 120, "the post read")


def test_the_postmaster_is_killed_while_eight_of_ten_members_post(site: Site) -> None:
    """A lock holds eight posts within the database when it dies; their authors send them again until they are kept."""
    people = [Visitor(site).sign_up(f"author{n}") for n in range(10)]
    pages = films(site, 10)
    before = [f"{PRAISE} Before, by {n}." for n in range(10)]
    for person, page, text in zip(people, pages, before, strict=True):
        person.write(page, text)
    texts = [f"{PAN} Meanwhile, by {n}." for n in range(8)]
    forms = [form(person, page) for person, page in zip(people, pages[1:], strict=False)]
    with ThreadPoolExecutor(8) as pool:
        with site.database() as database, database.cursor() as cursor:
            cursor.execute("LOCK TABLE reviews_review IN SHARE MODE")
            posts = [pool.submit(post, *each) for each in zip(people, pages[1:], forms, texts, strict=False)]
            wait_for(lambda: site.one(WAITING_FOR_LOCKS) >= 4, 30, "posts within the database", every=0.02)
            site.kill("postgres", "-D")
        answers = [each.result() for each in posts]
    refused = [(answer, text) for answer, text in zip(answers, texts, strict=True) if answer.status_code != 302]
    assert len(refused) >= 4
    for answer, text in refused:
        assert answer.status_code == 503
        assert text in answer.text, "what was written is kept"
    wait_for(lambda: people[8].get(site.address + pages[0], timeout=10).ok, 30, "pages again")
    for text, answer in zip(texts, answers, strict=True):
        assert site.one(STORED, text) == (answer.status_code == 302)
    for person, page, text, answer in zip(people, pages[1:], texts, answers, strict=False):
        if answer.status_code != 302:
            person.write(page, text)
    last = people[9].write(pages[0], f"{PRAISE} After.")
    for text in itertools.chain(before, texts):
        assert site.one(STORED, text) == 1
    wait_for(lambda: people[9].verdict(last)["state"] == "scored", 120, "the post read")


def form(person: Visitor, film: str) -> dict[str, str]:
    """The form for a review as it is sent to its author."""
    page = person.open(f"{film}review/")
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)
    assert token
    return {"csrfmiddlewaretoken": token[1]}


def post(person: Visitor, film: str, form: dict[str, str], text: str) -> requests.Response:
    """What is answered to a post itself."""
    address = f"{person.site.address}{film}review/"
    values = form | {"text": text}
    return person.post(address, data=values, headers={"Referer": address}, timeout=30, allow_redirects=False)
