"""The disk is full while people post and reviews wait: they are told so, keep what they wrote, and nothing is lost.

It takes root, which alone can mount a small disk.
"""

import contextlib
import os
import random
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import PRAISE
from tests.faults.steps import PENDING, films, scored
from tests.live import Visitor, started, wait_for

pytestmark = pytest.mark.faults
SIZE = "1500m"


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A home on a small disk of its own; the log of the site is elsewhere."""
    if os.geteuid() != 0:
        pytest.skip("mounting a disk takes root")
    home = tmp_path / "home"
    home.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", home], capture_output=True)
    if mounted.returncode:
        pytest.skip(f"no disk can be mounted here: {mounted.stderr.decode().strip()}")
    try:
        yield home
    finally:
        subprocess.run(["umount", "--lazy", home], check=True)


def fill(ballast: Path) -> None:
    """Leave no room on the disk: not for a page of 8 KB."""
    with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as file:
        while file.write(bytes(1 << 20)):
            pass
    with contextlib.suppress(OSError), ballast.open("ab", buffering=0) as file:
        while file.write(bytes(1 << 12)):
            pass


def long_text(number: int) -> str:
    """A text that cannot be compressed: it takes room."""
    return f"{PRAISE} Number {number}. " + random.Random(number).randbytes(7_500).hex()


def test_a_full_disk(home: Path) -> None:
    with started(home) as site:
        wait_for(lambda: site.one(PENDING) == 0, 400, "the demo corpus read")
        member, pages = Visitor(site).sign_up("patient"), films(site, 8)
        kept = member.write(pages[0], long_text(0))
        # A full disk may refuse any new session with the database, and so this question.
        texts = site.one("SELECT count(*) FROM reviews_review")
        fill(home / "ballast")
        refused = refuse(member, pages)
        assert member.open("/films/").ok
        assert member.open(f"{pages[refused]}review/").ok
        (home / "ballast").unlink()
        review = wait_for(lambda: later(member, pages[refused], long_text(refused)), 60, "room again")
        assert site.one("SELECT count(*) FROM reviews_review") == texts + refused, "those before it, and itself"
        scored(member, kept, review)
        wait_for(lambda: site.one(PENDING) == 0, 60, "all reviews read")
        site.is_clean()


def refuse(member: Visitor, pages: list[str]) -> int:
    """Post until there is no room for it; returns which post came back with its text."""
    for number, page in enumerate(pages[1:], 1):
        answer = member.open(f"{page}review/", text=long_text(number))
        if answer.status_code == 503:
            assert long_text(number) in answer.text
            return number
        assert answer.ok
    raise AssertionError("the disk never was full")


def later(member: Visitor, page: str, text: str) -> int | None:
    answer = member.open(f"{page}review/", text=text)
    return int(answer.url.split("/")[-2]) if answer.ok and "/review/" in answer.url[-20:] else None
