"""The people that a search means: those of the films it finds who are called so, or almost so."""

from collections.abc import Iterable

from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.search import TrigramWordSimilarity
from django.db.models import F, Func, OuterRef, TextField, Value
from django.db.models.functions import JSONObject

from textflix.movies.models import Credit, Movie, MovieQuerySet, Person
from textflix.movies.search import LONGEST

ALIKE = 0.45
"""How like the text a part of a name must be: as in the search for films, a letter or two may be wrong."""


def with_people(films: MovieQuerySet, text: str) -> MovieQuerySet:
    """Annotate each film with `called_so`, those of its people whose name is like the text.

    Names have no index of their own: films are found by their people already, and a page of them has few people.
    """
    sought = _folded(Value(text.replace("\0", " ")[:LONGEST]))
    likeness = TrigramWordSimilarity(sought, _folded(F("person__name")))  # type: ignore[arg-type]
    credits = Credit.objects.filter(movie=OuterRef("pk")).order_by().annotate(likeness=likeness)
    rows = credits.filter(likeness__gt=ALIKE).values(row=JSONObject(pk="person", name="person__name", like="likeness"))
    return films.annotate(called_so=ArraySubquery(rows))


def people_of(films: Iterable[Movie], most: int) -> list[Person]:
    """Return the people whose name is like the text, most alike first, each once; `films` come from with_people."""
    rows = [row for film in films for row in film.called_so]  # type: ignore[attr-defined]
    rows.sort(key=lambda row: -row["like"])
    found = {row["pk"]: Person(pk=row["pk"], name=row["name"]) for row in rows}
    return list(found.values())[:most]


def _folded(text: F | Value) -> Func:
    return Func(text, function="fold", output_field=TextField())
