"""The choices that films can be narrowed to, each with how many films it would leave."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.core.cache import caches
from django.db.models import CharField, Count, F, FilteredRelation, Func, IntegerField, Q, QuerySet, Value
from django.db.models.functions import Cast

from textflix.movies.models import Movie, MovieQuerySet
from textflix.movies.revisions import of_lists

LONGEST = 60
"""How many choices are offered, those of most films."""


@dataclass(frozen=True, slots=True)
class Option:
    """One choice of a facet; `chosen` is the one that the page shows."""

    value: str
    name: str
    films: int
    chosen: bool = False


Films = Callable[[str], MovieQuerySet]
"""The films that all filters but the named one leave."""


def facets(films: Films, wanted: dict[str, Any], genres: dict[str, str]) -> dict[str, list[Option]]:
    """Count each facet's choices; kept for each way of narrowing until anything changes.

    `genres` are names by slug. A choice that was made is offered even where it leaves nothing. What a search finds is
    counted each time: whoever asks for many texts would fill the cache with them.
    """
    counts = _count(films) if "q" in wanted else _kept(wanted, films)
    names: dict[str, Callable[[str], str | None]] = {"genre": genres.get, "decade": lambda value: f"{value}s"}
    found: dict[str, list[Option]] = {}
    for facet, of_facet in counts.items():
        name = names.get(facet, str)
        chosen = str(wanted.get(facet, ""))
        offered = dict(list(of_facet.items())[:LONGEST])
        if chosen:
            offered[chosen] = of_facet.get(chosen, 0)
        options = [Option(value, name(value) or value, n, value == chosen) for value, n in offered.items()]
        found[facet] = sorted(options, key=lambda option: (option.name.casefold(), option.name))
    found["decade"].reverse()
    return found


def _kept(wanted: dict[str, Any], films: Films) -> dict[str, dict[str, int]]:
    narrowed = {name: str(wanted[name]) for name in sorted(wanted) if name in FACETS}
    key = f"films.facets.{hashlib.sha256(repr((narrowed, of_lists())).encode()).hexdigest()[:32]}"
    found: dict[str, dict[str, int]] | None = caches["pages"].get(key)
    if found is None:
        found = _count(films)
        caches["pages"].set(key, found, None)
    return found


def _count(films: Films) -> dict[str, dict[str, int]]:
    """Count all facets in one query, each choice's films, the most first."""
    first, *others = (_choices(facet, films(facet)) for facet in FACETS)
    found: dict[str, dict[str, int]] = {facet: {} for facet in FACETS}
    for facet, value, n in sorted(first.union(*others, all=True), key=lambda row: (-row[2], str(row[1]))):
        if value is not None:
            found[facet][value] = n
    return found


def _choices(facet: str, films: MovieQuerySet) -> "QuerySet[Movie, tuple[str, str | None, int]]":
    if side := SIDES.get(facet):
        # A join of its own, or it would count only what another facet has chosen.
        films = films.alias(claim=FilteredRelation("aspects", condition=Q(aspects__side=side)))
    counted = films.order_by().annotate(facet=Value(facet, CharField()), value=Cast(FACETS[facet], CharField()))
    return counted.values("facet", "value").annotate(n=Count("pk")).values_list("facet", "value", "n")


SIDES = {"praised": "praised", "criticised": "faulted"}
FACETS: dict[str, Any] = {
    "genre": F("genres__slug"),
    "decade": Cast(F("year") / 10, IntegerField()) * 10,
    "language": Func(F("languages"), function="unnest", output_field=CharField()),
    "country": Func(F("countries"), function="unnest", output_field=CharField()),
    "praised": F("claim__aspect"),
    "criticised": F("claim__aspect"),
}
