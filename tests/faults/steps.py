"""What fault tests share: how reading stands in the database, and how to give the worker something to do."""

import contextlib
import os
import signal
from collections.abc import Iterator

import requests

from tests.live import Site, Visitor, wait_for

SCORING = "--queues=live,backfill"
PENDING = "SELECT count(*) FROM sentiment_reading WHERE version_id IS NULL AND quarantined_at IS NULL"
READ_ONCE = "SELECT count(*) FROM sentiment_reading WHERE version_id IS NOT NULL AND reader = 2"
LEASED = "SELECT count(*) FROM sentiment_reading WHERE leased_until > now()"
WAITING_FOR_LOCKS = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
DOUBLE = "SELECT count(*) - count(DISTINCT (review_id, version_id, digest)) FROM sentiment_score"


def backlog(site: Site) -> None:
    """Let the worker read everything again."""
    site.sql("UPDATE sentiment_reading SET version_id = NULL, digest = '', live = false, attempts = 0")
    assert site.manage("rebuild_sentiment").returncode == 0


def read_again(site: Site, *reviews: int) -> None:
    """Let the worker read these reviews again, as if nobody ever had."""
    site.sql("DELETE FROM sentiment_score WHERE review_id = ANY(%s)", list(reviews))
    site.sql("UPDATE sentiment_reading SET version_id = NULL, digest = '' WHERE review_id = ANY(%s)", list(reviews))


def scored(member: Visitor, *reviews: int) -> None:
    """Wait until these reviews have been read."""
    for review in reviews:
        wait_for(lambda r=review: member.verdict(r)["state"] == "scored", 90, "the post read")


def readiness(site: Site) -> tuple[int, str]:
    answer = requests.get(site.address + "/readyz", timeout=5)
    return answer.status_code, answer.json()["reading"]


def films(site: Site, count: int) -> list[str]:
    slugs = site.sql(
        "SELECT slug FROM movies_movie JOIN sentiment_moviesentiment ON movie_id = id"
        " ORDER BY reviews DESC, id LIMIT %s",
        count,
    )
    return [f"/film/{slug}/" for (slug,) in slugs]


@contextlib.contextmanager
def asleep(site: Site, *words: str) -> Iterator[None]:
    """This site's processes with these words in their command line stand still; who was replaced meanwhile is gone."""
    struck = site.kill(*words, how=signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in struck:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
