"""What search engines are told of, however much there is of it."""

import re
import tracemalloc
from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.makers import make_member, make_movie, make_review
from textflix import sitemaps
from textflix.movies.models import Movie

pytestmark = pytest.mark.django_db

WRITTEN, EDITED = datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC), datetime(2025, 1, 2, 3, 4, 5, tzinfo=UTC)


def text(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/xml"
    assert "noindex" in answer["X-Robots-Tag"]
    return answer.getvalue().decode()


def listed(client: Client, path: str = "/sitemap.xml") -> list[str]:
    return re.findall(r"<loc>http://testserver([^<]+)</loc>", text(client, path))


def in_all_files(client: Client) -> list[str]:
    return [address for path in listed(client) for address in listed(client, path)]


def many(movie: Movie, count: int, source: str) -> None:
    """So many reviews with long texts, which no sitemap shows."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO reviews_review (movie_id, text, written_at, received_at, source)"
            " SELECT %s, repeat('Words, words, words. ', 100) || n, now(), now(), %s FROM generate_series(1, %s) AS n",
            [movie.pk, source, count],
        )


def test_it_holds_what_members_wrote_and_nothing_else(client: Client) -> None:
    own = make_review(make_movie("own", title="Own"), make_member())
    for source in ("demo", "aclimdb", "file"):
        make_review(make_movie(source), source=source)
    make_review(make_movie("of-hidden"), make_member("h"), hidden=True)
    make_movie("tt0000009", imdb_id="tt0000009", title="tt0000009", listed=False)
    assert in_all_files(client) == ["/film/own/", "/film/of-hidden/", f"/review/{own.pk}/"]


def test_an_empty_site_has_an_empty_index(client: Client) -> None:
    assert listed(client) == []


def test_it_says_when_a_review_was_written_or_last_edited(client: Client) -> None:
    movie = make_movie()
    make_review(movie, make_member(), written_at=WRITTEN)
    make_review(movie, make_member("bob"), written_at=WRITTEN, edited_at=EDITED)
    make_review(movie, make_member("cy"), written_at=None)
    xml = text(client, listed(client)[-1])
    assert re.findall(r"<lastmod>([^<]+)", xml) == ["2024-05-06T07:08:09+00:00", "2025-01-02T03:04:05+00:00"]


def test_a_review_that_is_deleted_moves_no_other_to_another_file(client: Client, monkeypatch) -> None:
    monkeypatch.setattr(sitemaps, "PER_FILE", 3)
    movie = make_movie()
    reviews = [make_review(movie, make_member(f"m{n}")) for n in range(10)]
    files = {path: listed(client, path) for path in listed(client)[1:]}
    assert all(1 <= len(held) <= 3 for held in files.values())
    assert [each for held in files.values() for each in held] == [review.get_absolute_url() for review in reviews]
    gone = reviews[4].get_absolute_url()
    reviews[4].delete()
    left = {path: [address for address in held if address != gone] for path, held in files.items()}
    assert {path: listed(client, path) for path in listed(client)[1:]} == left


@pytest.mark.parametrize("path", ["reviews-0", "reviews-99999999", "reviews-" + "9" * 30, "people-0", "reviews--1"])
def test_a_file_that_holds_nothing_is_not_found(client: Client, path: str) -> None:
    assert client.get(f"/sitemap-{path}.xml").status_code == 404


def test_many_reviews_cost_a_look_for_each_file_and_little_memory(client: Client) -> None:
    movie = make_movie()
    many(movie, 20_000, "file")
    many(movie, 60_000, "member")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE reviews_review")
    with CaptureQueriesContext(connection) as asked:
        files = listed(client)
    assert len(asked) == len(files) + 2
    fullest = max(files, key=lambda path: len(listed(client, path)))
    tracemalloc.start()
    try:
        with CaptureQueriesContext(connection) as asked:
            held = sum(chunk.count(b"<loc>") for chunk in client.get(fullest).streaming_content)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held > 30_000
    assert len(asked) == 2
    assert peak < 5_000_000, "the texts of its reviews are 60 MB"
