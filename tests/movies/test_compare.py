"""Two films side by side, found by name where one of them is missing."""

import pytest

from sentiment.models import MovieAspect
from tests.makers import make_movie

pytestmark = pytest.mark.django_db


@pytest.fixture
def films():
    first, second = make_movie("first", title="First"), make_movie("second", title="Second")
    for movie, aspect, positive, negative in (
        (first, "acting", 3, 1),
        (first, "music", 1, 0),
        (second, "acting", 0, 2),
    ):
        MovieAspect.objects.create(
            movie=movie, aspect=aspect, positive=positive, negative=negative,
            praise=[], criticism=[], praise_low=0, criticism_low=0,
        )  # fmt: skip
    return first, second


def test_each_aspect_of_either_film_is_a_row(client, films):
    page = client.get("/compare/?a=first&b=second").content.decode()
    rows = [row.split("</tr>")[0] for row in page.split("<tr>")[2:]]
    assert [("acting" in row, "music" in row) for row in rows] == [(True, False), (False, True)]
    assert "3 of 4 positive" in rows[0]
    assert '<rect class="g" width="75.0%"' in rows[0]
    assert '<rect class="g" width="0.0%"' in rows[0], "nothing praises the second film's"
    assert "0 of 2 positive" in rows[0]
    assert "not judged" in rows[1]


def test_the_other_film_is_found_by_name(client, films):
    page = client.get("/compare/?a=first&q=second").content.decode()
    assert 'href="?a=first&amp;b=second"' in page
    assert "Compare First with another film" in page


def test_films_without_evidence_can_be_compared(client):
    make_movie("one", title="One")
    make_movie("two", title="Two")
    assert "says anything of its aspects yet" in client.get("/compare/?a=one&b=two").content.decode()


@pytest.mark.parametrize(
    ("address", "status"),
    [("", 200), ("?a=nowhere", 404), ("?a=first&b=nowhere", 404), ("?a=%00", 404), ("?b=second", 200)],
)
def test_any_address_is_answered(client, films, address, status):
    assert client.get(f"/compare/{address}").status_code == status
