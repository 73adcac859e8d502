"""Many people at once: everything they write is kept and read, nobody meets a failure, nothing dead-locks."""

import json
import random
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import PAN, PRAISE
from tests.crowd import Answers, Person, busy, film_pages, p95, signed_in, unlimited
from tests.live import Site, Visitor, wait_for

pytestmark = pytest.mark.faults

MEMBERS, SECONDS, PROMOTIONS = 50, 60, 80
LEASED = "SELECT count(*) FROM sentiment_reading WHERE leased_until > now()"
PENDING = "SELECT count(*) FROM sentiment_reading WHERE version_id IS NULL AND quarantined_at IS NULL"
WAITING_FOR_LOCKS = "SELECT count(*) FROM pg_locks WHERE NOT granted"
ASIDE = "SELECT count(*) FROM sentiment_reading WHERE quarantined_at IS NOT NULL"
NOT_BY_THE_SERVING = """
    SELECT count(*) FROM sentiment_reading WHERE version_id IS DISTINCT FROM
        (SELECT version_id FROM sentiment_promotion ORDER BY id DESC LIMIT 1)
"""
DONE = {
    "hidden": "SELECT count(*) FROM reviews_review WHERE hidden",
    "relabelled": "SELECT count(*) FROM sentiment_label WHERE source = 'admin'",
    "disputed": "SELECT count(*) FROM sentiment_dispute",
    "edited": "SELECT count(*) FROM reviews_review WHERE edited_at IS NOT NULL",
    "imported": "SELECT count(*) FROM reviews_review WHERE source = 'file'",
}
# The same critic with another card: another fingerprint, and so another version.
SECOND_VERSION = """
import hashlib, json, shutil
from django.conf import settings
from sentiment.models import ModelVersion
first = ModelVersion.objects.get()
made = settings.MODELS_DIR / "second"
shutil.copytree(settings.MODELS_DIR / first.fingerprint, made)
card = json.dumps(json.loads((made / "card.json").read_text()) | {"copied": True}).encode()
(made / "card.json").write_bytes(card)
manifest = json.loads((made / "manifest.json").read_text())
manifest["files"]["card.json"] = hashlib.sha256(card).hexdigest()
(made / "manifest.json").write_text(json.dumps(manifest))
first.fingerprint = hashlib.sha256((made / "manifest.json").read_bytes()).hexdigest()
made.rename(settings.MODELS_DIR / first.fingerprint)
first.pk, first.name = None, "the shipped critic, copied"
first.save()
"""
PROMOTE = """
import time
from sentiment.models import ModelVersion
from sentiment.versions.promotion import promote
versions = list(ModelVersion.objects.order_by("-pk"))
for number in range({times}):
    assert promote(versions[number % 2], reason=f"move {{number}}")
    time.sleep({pause})
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with unlimited(tmp_path_factory.mktemp("crowd") / "home") as running:
        yield running


@pytest.fixture(autouse=True)
def everything_is_read_in_the_end(site: Site) -> Iterator[None]:
    yield
    wait_for(lambda: site.one(NOT_BY_THE_SERVING) == 0, 400, "all reviews read by the version that serves")
    assert site.one(ASIDE) == 0
    site.is_clean()
    assert "deadlock detected" not in (site.home / "log" / "postgres.log").read_text()


def test_fifty_members_review_one_film_at_the_same_time(site: Site) -> None:
    film, answers = film_pages(site, 1)[0], Answers()
    members = signed_in(site, *(f"fan{n}" for n in range(MEMBERS)))
    people = [Person(browser, [film], answers, seed) for seed, browser in enumerate(members)]
    start, waited = threading.Barrier(MEMBERS), []

    def post(person: Person) -> None:
        start.wait()
        person.post(film)

    threads = [threading.Thread(target=post, args=[person]) for person in people]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        waited.append(site.one(WAITING_FOR_LOCKS))
        time.sleep(0.02)
    stored = site.one(
        "SELECT count(*) FROM reviews_review JOIN members_user AS author ON author.id = author_id"
        " WHERE author.username LIKE 'fan%%'"
    )
    posts = answers.of("post")
    print(f"\n{stored} of {MEMBERS} posts stored, p95 {1000 * p95([post.seconds for post in posts]):.0f} ms")
    print(*(f"refused with {post.status}: {post.said}" for post in posts if post.status != 302), sep="\n")
    assert max(waited) > 0, "they must have waited for each other"
    assert answers.failures() == {}
    assert len(posts) == MEMBERS
    assert stored == len([post for post in posts if post.status == 302])
    assert all(post.said for post in posts if post.status != 302), "who is refused is told why"


class Staff(Person):
    """Somebody who looks after the site: they hide reviews, show them again and relabel them."""

    def __init__(self, site: Site, browser: Visitor, answers: Answers, seed: int) -> None:
        super().__init__(browser, [], answers, seed)
        self.site = site

    def some_review(self) -> int:
        return int(self.site.one("SELECT id FROM reviews_review ORDER BY random() LIMIT 1"))

    def hide_or_show(self) -> None:
        shown = {"labels-TOTAL_FORMS": "0", "labels-INITIAL_FORMS": "0"}
        hidden = {"hidden": "on"} if self.chance.random() < 0.5 else {}
        self.ask("hide", f"/admin/reviews/review/{self.some_review()}/change/", **shown, **hidden)

    def relabel(self) -> None:
        value = self.chance.choice(["positive", "negative", "unsure", "cleared"])
        chosen = {"action": f"label_{value}", "_selected_action": str(self.some_review())}
        self.ask("relabel", "/admin/reviews/review/", **chosen)


def import_file(site: Site, folder: Path, seed: int) -> None:
    """Import thirty reviews of thirty films, as the command does it."""
    chance = random.Random(seed)
    ids = [row[0] for row in site.sql("SELECT imdb_id FROM movies_movie WHERE listed ORDER BY random() LIMIT 30")]
    rows = [
        {"id": f"{seed}/{n}", "imdb_id": film, "text": f"{chance.choice([PRAISE, PAN])} Import {seed}, row {n}."}
        for n, film in enumerate(ids)
    ]
    file = folder / f"{seed}.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    done = site.manage("import_reviews", str(file), "--format=jsonl")
    assert done.returncode == 0, done.stderr


def promoting(site: Site) -> "subprocess.Popen[str]":
    """Start to promote one version, then the other, and so on, for as long as everything else goes on."""
    script = PROMOTE.format(times=PROMOTIONS, pause=0.8 * SECONDS / PROMOTIONS)
    return site.managing("shell", "--no-imports", "-c", script)


def test_everything_at_once_for_a_minute(site: Site, tmp_path: Path) -> None:
    answers, pages = Answers(), film_pages(site, 12)
    assert site.manage("shell", "--no-imports", "-c", SECOND_VERSION).returncode == 0
    browsers = signed_in(site, *(f"busy{n}" for n in range(10)))
    members = [Person(browser, pages, answers, seed) for seed, browser in enumerate(browsers)]
    staff = [Staff(site, each, answers, 100) for each in signed_in(site, "hider", "labeller", staff=True)]
    reader = Person(Visitor(site), pages, answers, 200)
    seeds = iter(range(1, 10_000))

    def dispute() -> None:
        review = staff[0].some_review()
        members[0].ask("dispute", f"/review/{review}/dispute/", reason="It says quite the opposite, read it again.")

    deeds = [
        *(person.post for person in members[1:6]),
        *(person.edit for person in members[1:6]),
        *(person.delete for person in members[1:4]),
        *(person.read for person in members[6:]),
        *(reader.read, reader.read, staff[0].hide_or_show, staff[1].relabel, dispute),
        lambda: import_file(site, tmp_path, next(seeds)),
    ]
    before = site.one("SELECT count(*) FROM sentiment_promotion")
    seen: dict[str, int] = {LEASED: 0, PENDING: 0, WAITING_FOR_LOCKS: 0}
    with busy(deeds, pause=0.2), promoting(site) as promoter:
        end = time.monotonic() + SECONDS
        while time.monotonic() < end or promoter.poll() is None:
            for what in seen:
                seen[what] = max(seen[what], site.one(what))
            time.sleep(0.1)
        moved = site.one("SELECT count(*) FROM sentiment_promotion") - before
    print(f"\n{answers.table()}\n{moved} promotions, at most at once: {list(seen.values())} leased, pending, waiting")
    assert promoter.returncode == 0
    assert moved == PROMOTIONS
    assert all(seen.values()), "work must have been in flight"
    assert {"read", "post", "edit", "delete", "hide", "relabel", "dispute"} == {row.deed for row in answers.rows}
    done = {name: site.one(count) for name, count in DONE.items()}
    assert all(done.values()), f"each deed must have been done, not only answered: {done}"
    assert answers.failures() == {}
