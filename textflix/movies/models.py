from functools import reduce
from operator import add, or_

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Count, F, Func, Prefetch, Q, Sum
from django.urls import reverse
from django.utils.text import slugify

IMDB_ID = r"tt[0-9]{7,10}"
NOT_MEMBERS = {"demo": "written for the demo", "imported": "imported for evaluation"}
"""Counts of a film's reviews that no member wrote, and what its page calls them: it is kept from search engines."""


class Aspect(models.TextChoices):
    """An aspect of films, which reviews praise and fault, and by which films can be narrowed."""

    ACTING = "acting"
    STORY = "story"
    CHARACTERS = "characters"
    DIALOGUE = "dialogue"
    DIRECTION = "direction"
    VISUALS = "visuals"
    MUSIC = "music"
    PACING = "pacing"
    HUMOUR = "humour"
    ENDING = "ending"


class Genre(models.Model):
    name = models.CharField(max_length=60, unique=True)
    slug = models.SlugField(max_length=60, unique=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class PersonQuerySet(models.QuerySet["Person"]):
    def by_reviews(self, role: str) -> "PersonQuerySet":
        """People of reviewed films in this role, most reviews first, with `films` and what all reviews say together."""
        of_role = self.filter(credits__role=role, credits__movie__listed=True, credits__movie__sentiment__reviews__gt=0)
        return of_role.annotate(
            films=Count("credits__movie"),
            reviews=Sum("credits__movie__sentiment__reviews"),
            positive=Sum("credits__movie__sentiment__positive"),
            negative=Sum("credits__movie__sentiment__negative"),
            unsure=Sum("credits__movie__sentiment__unsure"),
        ).order_by("-reviews", "name")


class Person(models.Model):
    name = models.CharField(max_length=200, unique=True)

    objects = PersonQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "people"

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("person", args=[self.pk, slugify(self.name) or "person"])


class MovieQuerySet(models.QuerySet["Movie"]):
    def listed(self) -> "MovieQuerySet":
        """Films that the catalogue knows; the others only hold imported reviews."""
        return self.filter(listed=True)

    def praised_for(self, aspect: str) -> "MovieQuerySet":
        """Films of whose reviews that judge this aspect surely more than half praise it."""
        return self.filter(aspects__aspect=aspect, aspects__side="praised")

    def criticised_for(self, aspect: str) -> "MovieQuerySet":
        """Films of whose reviews that judge this aspect surely more than half fault it."""
        return self.filter(aspects__aspect=aspect, aspects__side="faulted")

    def for_search_engines(self) -> "MovieQuerySet":
        """Films whose pages rest on nothing that was written for the demo or imported."""
        return self.listed().exclude(reduce(or_, (Q(**{f"sentiment__{count}__gt": 0}) for count in NOT_MEMBERS)))

    def for_cards(self) -> "MovieQuerySet":
        """Films with their sentiment, where there is any, and directors, and without what only search reads."""
        directors = Credit.objects.filter(role=Credit.Role.DIRECTOR).select_related("person")
        return (
            self.select_related("sentiment")
            .defer("names", "search_names", "search")
            .prefetch_related(Prefetch("credits", directors))
        )

    def for_page(self) -> "MovieQuerySet":
        return (
            self.select_related("sentiment")
            .defer("names", "search_names", "search")
            .prefetch_related("genres", Prefetch("credits", Credit.objects.select_related("person")))
        )

    def totals(self) -> dict[str, int]:
        """Return how many reviews all films have, how many were read, are on which side, and are not members' own."""
        return self.filter(sentiment__reviews__gt=0).aggregate(
            reviews=Sum("sentiment__reviews", default=0),
            read=Sum("sentiment__scored", default=0),
            positive=Sum("sentiment__positive", default=0),
            negative=Sum("sentiment__negative", default=0),
            unsure=Sum("sentiment__unsure", default=0),
            failed=Sum("sentiment__failed", default=0),
            not_real=Sum(reduce(add, (F(f"sentiment__{count}") for count in NOT_MEMBERS)), default=0),
        )


class Movie(models.Model):
    """A film. `listed` is false for films known only by their IMDb id: they hold reviews but are kept out of browse."""

    imdb_id = models.CharField("IMDb id", max_length=12, unique=True, validators=[RegexValidator(rf"^{IMDB_ID}\Z")])
    slug = models.SlugField(max_length=120, unique=True)
    title = models.CharField(max_length=300)
    year = models.PositiveSmallIntegerField(null=True, blank=True)
    runtime = models.PositiveSmallIntegerField("runtime (minutes)", null=True, blank=True)
    certificate = models.CharField(max_length=20, blank=True)
    languages = ArrayField(models.CharField(max_length=60), default=list, blank=True)
    countries = ArrayField(models.CharField(max_length=80), default=list, blank=True)
    tomatometer = models.PositiveSmallIntegerField(null=True, blank=True)
    metacritic = models.PositiveSmallIntegerField(null=True, blank=True)
    box_office = models.PositiveBigIntegerField("box office (US $)", null=True, blank=True)
    listed = models.BooleanField(default=True)
    genres = models.ManyToManyField(Genre, related_name="movies", blank=True)
    people = models.ManyToManyField(Person, through="Credit", related_name="movies")
    names = models.TextField("names of its people, for search", blank=True, editable=False)
    # The database folds (no accents, case or punctuation), so that no way of writing a title can leave search behind.
    search_title = models.GeneratedField(
        expression=Func(F("title"), function="fold"),
        output_field=models.TextField(db_collation="C"),
        db_persist=True,
    )
    search_names = models.GeneratedField(
        expression=Func(F("names"), function="fold"), output_field=models.TextField(), db_persist=True
    )
    search = models.GeneratedField(
        expression=SearchVector(Func(F("title"), function="fold"), weight="A", config="simple")
        + SearchVector(Func(F("names"), function="fold"), weight="B", config="simple"),
        output_field=SearchVectorField(),
        db_persist=True,
    )

    objects = MovieQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index("search_title", "id", name="movie_by_title", condition=Q(listed=True)),
            models.Index(F("year").desc(), "id", name="movie_newest", condition=Q(listed=True)),
            GinIndex("languages", name="movie_languages"),
            GinIndex("search", name="movie_search"),
            GinIndex(OpClass("search_title", "gin_trgm_ops"), name="movie_title_typos"),
            GinIndex(OpClass("search_names", "gin_trgm_ops"), name="movie_names_typos"),
        ]

    def __str__(self) -> str:
        return f"{self.title} ({self.year})" if self.year else self.title

    def get_absolute_url(self) -> str:
        return reverse("film", args=[self.slug])

    @property
    def for_search_engines(self) -> bool:
        """Whether it is listed, and its page rests on nothing that was written for the demo or imported."""
        return self.listed and not self.marks

    @property
    def marks(self) -> list[str]:
        """What its page has to say about where its reviews come from."""
        sentiment = getattr(self, "sentiment", None)
        return [f"reviews {mark}" for count, mark in NOT_MEMBERS.items() if getattr(sentiment, count, 0)]

    @property
    def facts(self) -> str:
        """Year, runtime and certificate, as far as they are known."""
        known = (self.year, self.runtime and f"{self.runtime} min", self.certificate)
        return " · ".join(str(fact) for fact in known if fact)

    def _people(self, role: str) -> list["Person"]:
        return [credit.person for credit in self.credits.all() if credit.role == role]

    @property
    def directors(self) -> list["Person"]:
        return self._people(Credit.Role.DIRECTOR)

    @property
    def byline(self) -> str:
        """Its facts and its directors, three of whom are named, for a card."""
        names = [person.name for person in self.directors]
        named = ", ".join(names[:3]) + (" and others" if len(names) > 3 else "")
        return " · ".join(filter(None, (self.facts, named)))

    @property
    def writers(self) -> list["Person"]:
        return self._people(Credit.Role.WRITER)

    @property
    def cast(self) -> list["Person"]:
        return self._people(Credit.Role.CAST)


class SiteFigures(models.Model):
    """What the reviews of all films come to, in one row: a sweep renews it (pages.site_figures), pages only read it."""

    reviews = models.PositiveIntegerField(default=0)
    read = models.PositiveIntegerField(default=0)
    positive = models.PositiveIntegerField(default=0)
    negative = models.PositiveIntegerField(default=0)
    unsure = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField("could not be read", default=0)
    not_real = models.PositiveIntegerField("written for the demo or imported", default=0)
    month_loved = ArrayField(models.BigIntegerField(), verbose_name="films most loved this month", default=list)
    revision = models.BigIntegerField("revision of lists that it was made at", default=0)
    day = models.DateField(null=True)

    class Meta:
        verbose_name_plural = "site figures"

    def __str__(self) -> str:
        return f"{self.positive} of {self.reviews} positive"

    @classmethod
    def current(cls) -> "SiteFigures":
        """Return what the last sweep found; all 0 before the first."""
        return cls.objects.first() or cls()

    @property
    def unread(self) -> int:
        """How many reviews' verdict is still to come."""
        return max(0, self.reviews - self.positive - self.negative - self.unsure - self.failed)

    @property
    def sides(self) -> dict[str, int]:
        return {"positive": self.positive, "negative": self.negative, "unsure": self.unsure}


class Credit(models.Model):
    class Role(models.TextChoices):
        DIRECTOR = "director"
        WRITER = "writer"
        CAST = "cast"

    # Its constraint is the index by movie.
    movie = models.ForeignKey(Movie, models.CASCADE, related_name="credits", db_index=False)
    person = models.ForeignKey(Person, models.CASCADE, related_name="credits")
    role = models.CharField(max_length=8, choices=Role)
    position = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["movie", "role", "person"], name="one_credit_per_movie_role_and_person")
        ]

    def __str__(self) -> str:
        return f"{self.person}, {self.role} of {self.movie}"
