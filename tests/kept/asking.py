"""Asking for pages that visitors are shown."""

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from textflix.movies.models import Movie, Person


def pages(movie: Movie) -> list[str]:
    film, other = f"/film/{movie.slug}/", Movie.objects.exclude(pk=movie.pk).first()
    person, review = Person.objects.first(), movie.reviews.order_by("pk").first()
    author = review.author.get_absolute_url() if review and review.author else ""
    return [
        *("/", "/films/", "/films/?sort=positive", "/films/?praised=acting", "/people/", "/critic/"),
        *(film, f"{film}?sort=negative", f"{film}why/acting/", f"{film}similar/", f"{film}feed/"),
        *([f"/compare/?a={movie.slug}&b={other.slug}"] if other else []),
        *([person.get_absolute_url()] if person else []),
        *([review.get_absolute_url()] if review else []),
        *([author, f"{author}feed/"] if author else []),
    ]


def queries(client: Client, address: str, **headers: str) -> list[str]:
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address, headers=headers).status_code < 500
    return [query["sql"] for query in captured]
