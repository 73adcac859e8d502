"""Shared by all tests that use the site. Servers are real: run tests with `make test`."""

import os
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.core.cache import caches
from django.core.management import call_command
from pytest_django import Settings

from sentiment.bulk.reviews import Row, import_rows
from tests.makers import TEXT, make_movie
from textflix.movies.catalogue.load import import_catalogue
from textflix.movies.models import Movie

if TYPE_CHECKING:
    from sentiment.core.critic.scorer import Scorer

# Torch's threads wait for each other; on a machine that does more than this one test, one thread is faster than two.
os.environ.setdefault("OMP_NUM_THREADS", "1")

PRAISE = "I loved this film. The acting is superb, the story is moving and funny, and it looks beautiful."
PAN = "A terrible film. Boring, badly acted, and the plot makes no sense. A complete waste of two hours."
OMDB = "imdbID,Title,Year,Rating,Runtime,Genre,Director,Writer,Cast,Language,Country,Metacritic".split(",")  # noqa: SIM905  as in the file


@pytest.fixture(autouse=True)
def nothing_is_kept() -> None:
    """A test that is rolled back takes its revisions along, and leaves what was kept at them."""
    for name in ("pages", "visitors"):
        caches[name].clear()


@pytest.fixture(autouse=True)
def quick_passwords(settings: Settings) -> None:
    """The real hasher is slow on purpose, once per sign-up."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def movie(db: None) -> Movie:
    return make_movie(title="The Long Goodnight")


@pytest.fixture
def nothing_is_off(db: None) -> Iterator[None]:
    """At the end of the test, what is stored must be what the rows say."""
    yield
    call_command("rebuild_sentiment", "--check")


@pytest.fixture(scope="session")
def tiny_scorer(tmp_path_factory: pytest.TempPathFactory) -> "Scorer":
    """A critic of few random layers that reads anything at once, and an annotator that finds something everywhere."""
    from sentiment.core.critic.scorer import Scorer
    from tests.tiny import tiny_annotator, tiny_base, tiny_critic

    base = tiny_base(tmp_path_factory.mktemp("tiny"))
    return Scorer(tiny_critic(base), "cpu", "torch", annotator=tiny_annotator(base, bias=0.0))


@pytest.fixture(scope="session")
def critic_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real critic: a probe on the packaged MiniLM, from labels enough to tell praise from pans."""
    from sentiment.core.corpus.data import read_examples
    from sentiment.core.critic.checkpoints import save
    from sentiment.core.training.train import TrainConfig, train
    from sentiment.demo import CORPUS

    examples = [example for example in read_examples(CORPUS) if example.split == "seed"][:120]
    result = train(examples, TrainConfig(layers=3, repeats=1, folds=3))
    folder = tmp_path_factory.mktemp("critic") / "made"
    save(result.critic, folder, result.card)
    return folder


@pytest.fixture
def empty_cache(db: None) -> Iterator[None]:
    """The filters' choices are cached, and a test that is rolled back cannot say that they changed."""
    for cache in caches.all(initialized_only=False):
        cache.clear()
    yield
    for cache in caches.all():
        cache.clear()


@pytest.fixture
def movies_db(tmp_path: Path) -> Callable[..., Path]:
    """A file of the packaged catalogue's layout: rows as dicts of omdb's columns, with Meter and BoxOffice."""

    def make(*rows: dict[str, object]) -> Path:
        path = tmp_path / "movies.db"
        path.unlink(missing_ok=True)
        with sqlite3.connect(path) as database:
            columns = ", ".join(f'"{name}"' for name in OMDB)
            database.execute(f"CREATE TABLE omdb (ID INTEGER, {columns})")
            database.execute("CREATE TABLE tomatoes (ID INTEGER, Meter INTEGER, BoxOffice REAL)")
            for number, row in enumerate(rows, 1):
                values = [row.get(name) for name in OMDB]
                database.execute(f"INSERT INTO omdb VALUES (?{', ?' * len(OMDB)})", [number, *values])
                database.execute(
                    "INSERT INTO tomatoes VALUES (?, ?, ?)", [number, row.get("Meter"), row.get("BoxOffice")]
                )
        database.close()
        return path

    return make


@pytest.fixture
def load(movies_db: Callable[..., Path]) -> Callable[..., None]:
    """Load films into the site as the catalogue would; ids are given where a row has none."""

    def load(*rows: dict[str, object]) -> None:
        start = Movie.objects.count() + 1
        import_catalogue(path=movies_db(*({"imdbID": f"tt{n:07}"} | row for n, row in enumerate(rows, start))))

    return load


@pytest.fixture
def judge() -> Callable[..., None]:
    """Give a film reviews that people judged: so many positive, negative, unsure, and so many that nobody has read."""

    def judge(movie: Movie, positive: int = 0, negative: int = 0, unsure: int = 0, unread: int = 0) -> None:
        labels = ["positive"] * positive + ["negative"] * negative + ["unsure"] * unsure + [None] * unread
        start = movie.reviews.count()
        rows = [Row(movie.imdb_id, f"{movie.pk}/{start + n}", f"{TEXT} {n}", label=lab) for n, lab in enumerate(labels)]
        import_rows(rows, source="file", label_source="seed")

    return judge
