from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.functional import cached_property

from textflix.movies.browse import SORT_NAMES, SORTS, genres
from textflix.movies.catalogue.files import FIRST_YEAR, LAST_YEAR
from textflix.movies.facets import Option, facets
from textflix.movies.models import Aspect, Movie, MovieQuerySet
from textflix.movies.search import LONGEST, search
from textflix.pagination import Keyset

ASPECTS = [(name, name) for name in sorted(Aspect.values)]
FACET_NAMES = {
    "genre": ("Genre", "all"),
    "decade": ("Decade", "all"),
    "language": ("Language", "all"),
    "country": ("Country", "all"),
    "praised": ("Praised for", "anything"),
    "criticised": ("Criticised for", "anything"),
}


class BrowseForm(forms.Form):
    """The search, filters and order that /films/ was asked for. A value that makes no sense is as if not asked for."""

    q = forms.CharField(required=False)
    sort = forms.ChoiceField(required=False, choices=SORT_NAMES)
    decade = forms.IntegerField(required=False, min_value=FIRST_YEAR, max_value=LAST_YEAR)
    language = forms.CharField(required=False, max_length=60)
    country = forms.CharField(required=False, max_length=80)
    praised = forms.ChoiceField(required=False, choices=ASPECTS)
    criticised = forms.ChoiceField(required=False, choices=ASPECTS)

    def __init__(self, data: QueryDict) -> None:
        super().__init__(data)
        self.genres = genres()
        self.fields["genre"] = forms.ChoiceField(
            required=False, choices=[(slug, name) for _, slug, name in self.genres]
        )
        self.is_valid()

    def clean_q(self) -> str:
        return " ".join(self.cleaned_data["q"].split())[:LONGEST]

    def clean_decade(self) -> int | None:
        decade = self.cleaned_data["decade"]
        return None if decade is None else decade // 10 * 10

    @property
    def order(self) -> str:
        text, sort = self.wanted.get("q"), self.wanted.get("sort")
        if not sort or (sort == "relevance" and not text):
            return "relevance" if text else "reviews"
        return str(sort)

    @property
    def keyset(self) -> Keyset:
        return SORTS[self.order]

    @property
    def wanted(self) -> dict[str, Any]:
        return {name: value for name, value in self.cleaned_data.items() if value}

    @property
    def query(self) -> QueryDict:
        """The query that was asked for, for links that change a part of it."""
        query = QueryDict(mutable=True)
        query.update(self.wanted)
        return query

    @property
    def sorts(self) -> list[tuple[str, str]]:
        return [item for item in SORT_NAMES.items() if item[0] != "relevance" or "q" in self.wanted]

    @property
    def sort_name(self) -> str:
        return SORT_NAMES[self.order]

    @cached_property
    def facets(self) -> dict[str, list[Option]]:
        """Each facet's choices with counts, of the films that the other filters and the search leave."""
        return facets(self.counted, self.wanted, {slug: name for _, slug, name in self.genres})

    @property
    def selects(self) -> list[tuple[str, str, str, list[Option]]]:
        """Each facet: its name in the address, in words, what leaves all films, and its choices."""
        return [(facet, name, every, self.facets[facet]) for facet, (name, every) in FACET_NAMES.items()]

    @cached_property
    def sought(self) -> MovieQuerySet:
        """The films that the search finds, before any filter: those only take films away."""
        films = Movie.objects.listed()
        return search(films, text) if (text := self.wanted.get("q")) else films

    @cached_property
    def found(self) -> list[int]:
        """The ids of the films that the search finds: looked for once, and counted in six ways."""
        return list(self.sought.values_list("pk", flat=True))

    def films(self) -> MovieQuerySet:
        return self.narrowed(self.sought)

    def counted(self, but: str) -> MovieQuerySet:
        """Return the films that the search and all filters but one leave."""
        films = Movie.objects.listed()
        return self.narrowed(films.filter(pk__in=self.found) if "q" in self.wanted else films, but)

    def narrowed(self, films: MovieQuerySet, but: str = "") -> MovieQuerySet:
        """Return those of the films that all filters leave, or all but one of them."""
        wanted = {name: value for name, value in self.wanted.items() if name != but}
        if genre := wanted.get("genre"):
            # By its id, which the planner has statistics for.
            films = films.filter(genres=next(pk for pk, slug, _ in self.genres if slug == genre))
        if decade := wanted.get("decade"):
            films = films.filter(year__range=(decade, decade + 9))
        if aspect := wanted.get("praised"):
            films = films.praised_for(aspect)
        if aspect := wanted.get("criticised"):
            films = films.criticised_for(aspect)
        if language := wanted.get("language"):
            films = films.filter(languages__contains=[language])
        if country := wanted.get("country"):
            films = films.filter(countries__contains=[country])
        return films
