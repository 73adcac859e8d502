"""Many people at once on a running site: what they do there, and what they were answered."""

import json
import random
import re
import statistics
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import pytest
import requests

from tests.conftest import PAN, PRAISE
from tests.live import Site, Visitor, started

_UNLIMITED = {"POSTS_PER_MINUTE_AND_ADDRESS": "100000", "POSTS_PER_HOUR": "100000"}
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="(\w+)"')
REVIEW = re.compile(r"/review/(\d+)/$")
NO_ANSWER = 0

# Signing up is limited by address, and slow on purpose.
_SIGN_IN = """
import json
from datetime import timedelta
from django.conf import settings
from django.contrib.auth import login
from django.contrib.sessions.backends.db import SessionStore
from django.test import RequestFactory
from django.utils import timezone
from textflix.members.models import User
keys = []
for name in {names}:
    user, _ = User.objects.get_or_create(username=name, email=name + "@example.org")
    user.date_joined, user.is_staff, user.is_superuser = timezone.now() - timedelta(days=1), {staff}, {staff}
    user.save()
    request = RequestFactory().get("/", HTTP_HOST="localhost")
    request.session = SessionStore()
    login(request, user, settings.AUTHENTICATION_BACKENDS[-1])
    request.session.save()
    keys.append(request.session.session_key)
print(json.dumps(keys))
"""


@contextmanager
def unlimited(home: Path) -> Iterator[Site]:
    """A site on which many people may share one address."""
    with pytest.MonkeyPatch.context() as environment:
        for name, value in _UNLIMITED.items():
            environment.setenv(name, value)
        with started(home) as running:
            yield running


def film_pages(site: Site, count: int) -> list[str]:
    """The paths of so many films' pages."""
    listed = site.sql("SELECT slug FROM movies_movie WHERE listed ORDER BY id LIMIT %s", count)
    return [f"/film/{slug}/" for (slug,) in listed]


def signed_in(site: Site, *names: str, staff: bool = False) -> list[Visitor]:
    """Members who have been there for a day, each with a browser of their own."""
    made = site.manage("shell", "--no-imports", "-c", _SIGN_IN.format(names=list(names), staff=staff))
    assert made.returncode == 0, made.stderr
    people = [Visitor(site) for _ in names]
    for person, key in zip(people, json.loads(made.stdout.splitlines()[-1]), strict=True):
        person.cookies.set("sessionid", key)
    return people


class Answer(NamedTuple):
    deed: str
    status: int
    seconds: float
    said: str


@dataclass
class Answers:
    """What everybody was answered; appended to by many threads."""

    rows: list[Answer] = field(default_factory=list)

    def of(self, deed: str) -> list[Answer]:
        return [row for row in self.rows if row.deed == deed]

    def failures(self) -> Counter[tuple[str, int, str]]:
        """Deeds that the site failed at, or did not answer."""
        return Counter((r.deed, r.status, r.said) for r in self.rows if r.status >= 500 or r.status == NO_ANSWER)

    def table(self) -> str:
        lines = [f"{'deed':<10} {'answers':>8} {'median ms':>10} {'p95 ms':>8}  statuses"]
        for deed in sorted({row.deed for row in self.rows}):
            took, statuses = [r.seconds for r in self.of(deed)], Counter(r.status for r in self.of(deed))
            counted = ", ".join(f"{status} × {count:,}" for status, count in sorted(statuses.items()))
            median, slow = 1000 * statistics.median(took), 1000 * p95(took)
            lines.append(f"{deed:<10} {len(took):>8,} {median:>10.0f} {slow:>8.0f}  {counted}")
        return "\n".join(lines)


def p95(took: list[float]) -> float:
    return sorted(took)[int(0.95 * (len(took) - 1))]


class Person:
    """Somebody with a browser who does one thing after the other, and notes what they were answered."""

    def __init__(self, browser: Visitor, films: list[str], answers: Answers, seed: int) -> None:
        self.browser, self.films, self.answers = browser, films, answers
        self.chance, self.own = random.Random(seed), dict[str, int]()
        self.written = 0

    def ask(self, deed: str, path: str, **form: str) -> requests.Response | None:
        """GET a page; with a form, fill in its own and send it: the time noted is that of the last request."""
        started = time.monotonic()
        try:
            answer = self.browser.get(self.browser.site.address + path, timeout=60)
            if form and (token := TOKEN.search(answer.text)):
                started = time.monotonic()
                data, sender = {"csrfmiddlewaretoken": token[1], **form}, {"Referer": answer.url}
                answer = self.browser.post(answer.url, data=data, headers=sender, timeout=60, allow_redirects=False)
        except requests.RequestException as error:
            self.answers.rows.append(Answer(deed, NO_ANSWER, time.monotonic() - started, type(error).__name__))
            return None
        said = "" if answer.status_code < 400 else _alert(answer.text)
        self.answers.rows.append(Answer(deed, answer.status_code, time.monotonic() - started, said))
        return answer

    def text(self) -> str:
        """Words of their own, as nobody may post the same text twice."""
        self.written += 1
        return f"{self.chance.choice([PRAISE, PAN])} Seen {self.written} times, {self.chance.getrandbits(60)}."

    def read(self) -> None:
        film = self.chance.choice(self.films)
        pages = ["/", "/films/", "/critic/", "/people/", film, film, film, f"{film}?sort=negative", f"{film}similar/"]
        self.ask("read", self.chance.choice(pages))

    def post(self, film: str = "") -> None:
        """Review a film that they have not reviewed; where there is none left, take one review back."""
        left = [film] if film else [film for film in self.films if film not in self.own]
        if not left:
            self.delete()
            return
        film = self.chance.choice(left)
        answer = self.ask("post", f"{film}review/", text=self.text())
        if answer is not None and (posted := REVIEW.search(answer.headers.get("Location", ""))):
            self.own[film] = int(posted[1])

    def edit(self) -> None:
        if self.own:
            self.ask("edit", f"/review/{self.chance.choice(list(self.own.values()))}/edit/", text=self.text())

    def delete(self) -> None:
        if self.own:
            review = self.own.pop(self.chance.choice(list(self.own)))
            self.ask("delete", f"/review/{review}/delete/", sure="yes")


def _alert(page: str) -> str:
    """What an answer says is wrong."""
    found = re.search(r'role="alert">(.*?)</div>', page, re.S) or re.search(r"<h1>(.*?)</h1>", page, re.S)
    return re.sub(r"<[^>]+>|\s+", " ", found[1]).strip() if found else ""


@contextmanager
def busy(deeds: list[Callable[[], object]], pause: float = 0.0) -> Iterator[None]:
    """Do each of these again and again, in a thread of its own and with a pause in between, until the block ends."""
    over, errors = threading.Event(), list[BaseException]()

    def work(deed: Callable[[], object]) -> None:
        while not over.is_set():
            started = time.monotonic()
            try:
                deed()
            except BaseException as error:
                errors.append(error)
                return
            over.wait(max(0.0, pause - (time.monotonic() - started)))

    threads = [threading.Thread(target=work, args=[deed]) for deed in deeds]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()
    assert errors == []
