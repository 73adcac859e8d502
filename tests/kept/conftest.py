import pytest

from sentiment.models import ModelVersion
from sentiment.versions.promotion import promote
from tests.makers import TEXT, make_member, make_movie, make_review, read
from textflix.movies.models import Movie, Person


@pytest.fixture
def movie() -> Movie:
    movie = make_movie("rear-window")
    person = Person.objects.create(name="Ann")
    movie.credits.create(person=person, role="director", position=1)
    make_movie("other")
    read(make_review(movie, make_member()), 0.9, [(TEXT, 1.0)])
    return movie


@pytest.fixture
def versions(movie) -> None:
    """The version that serves, and one that could."""
    promote(ModelVersion.objects.get(), reason="the first")
    facts = {"name": "newer", "method": "probe", "base": "minilm", "layers": 4, "labels": 1}
    ModelVersion.objects.create(fingerprint="e" * 64, **facts)
