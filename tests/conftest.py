"""Shared by all tests that use the site. Servers are real: run tests with `make test`."""

import itertools
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.core.management import call_command

from textflix.members.models import User
from textflix.movies.models import Movie
from textflix.reviews.models import Review, Source

# Torch's threads wait for each other; on a machine that does more than this one test, one thread is faster than two.
os.environ.setdefault("OMP_NUM_THREADS", "1")

PRAISE = "I loved this film. The acting is superb, the story is moving and funny, and it looks beautiful."
PAN = "A terrible film. Boring, badly acted, and the plot makes no sense. A complete waste of two hours."
_numbers = itertools.count(1)


@pytest.fixture
def make_movie(db: None) -> Callable[..., Movie]:
    def make(**facts: object) -> Movie:
        n = next(_numbers)
        return Movie.objects.create(
            **{"imdb_id": f"tt{n:07}", "slug": f"film-{n}", "title": f"Film {n}", "year": 2000} | facts
        )

    return make


@pytest.fixture
def movie(make_movie: Callable[..., Movie]) -> Movie:
    return make_movie(title="The Long Goodnight")


@pytest.fixture
def make_member(db: None) -> Callable[..., User]:
    def make(**facts: object) -> User:
        n = next(_numbers)
        return User.objects.create_user(**{"username": f"member{n}", "email": f"member{n}@example.org"} | facts)

    return make


@pytest.fixture
def make_review(make_member: Callable[..., User]) -> Callable[..., Review]:
    def make(movie: Movie, text: str = PRAISE, **facts: object) -> Review:
        author = {} if facts.get("source", Source.MEMBER) != Source.MEMBER else {"author": make_member()}
        return Review.objects.create(movie=movie, text=text, **author | facts)

    return make


@pytest.fixture
def nothing_is_off(db: None) -> Iterator[None]:
    """At the end of the test, what is stored must be what the rows say."""
    yield
    call_command("rebuild_sentiment", "--check")


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
