"""Back a running site up with `make backup`, bring it back in a new home with `make restore`, and compare.

Then once more without the folder of its critics: the site serves with the one that comes with the project.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPOSITORY))
from tests.live import Site, Visitor, started, wait_for  # noqa: E402

TEXT = "A wonderful film: the acting is superb, the story moving, and I loved every minute of it."
TABLES = ("movies_movie", "reviews_review", "members_user", "sentiment_reading", "sentiment_score", "sentiment_label")


def make(target: str, home: Path, **variables: str | Path) -> None:
    command = ["make", "--no-print-directory", target, *(f"{name}={value}" for name, value in variables.items())]
    subprocess.run(command, cwd=REPOSITORY, env=os.environ | {"TEXTFLIX_HOME": str(home)}, check=True)


def counts(site: Site) -> dict[str, int]:
    return {table: site.one(f"SELECT count(*) FROM {table}") for table in TABLES}  # noqa: S608  the names above


def post(site: Site, name: str) -> int:
    """A new member's review, once it has been read."""
    visitor = Visitor(site).sign_up(name)
    film = site.one("SELECT min(slug) FROM movies_movie")
    review = visitor.write(f"/film/{film}/", f"{TEXT} ({name})")
    unread = "SELECT count(*) FROM sentiment_reading WHERE score_id IS NULL"
    wait_for(lambda: site.one(unread) == 0, 600, "all is read", every=1)
    return review


def serves(site: Site, review: int, expected: dict[str, int]) -> None:
    assert counts(site) == expected, (counts(site), expected)
    site.is_clean()
    assert TEXT in Visitor(site).open(f"/review/{review}/").text


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="textflix-keep-") as scratch:
        first, second, kept = Path(scratch, "first", "home"), Path(scratch, "second", "home"), Path(scratch, "kept")
        for home in (first, second):
            home.parent.mkdir()
        with started(first) as site:
            review = post(site, "early")
            make("backup", first, TO=kept)
            expected = counts(site)
        make("restore", second, FROM=kept)
        with started(second) as site:
            serves(site, review, expected)
        shutil.rmtree(second / "models")
        with started(second) as site:
            serves(site, review, expected)
            post(site, "late")
            site.is_clean()
    print(f"keep: the same in a new home, with and without its critics: {expected}")


if __name__ == "__main__":
    main()
