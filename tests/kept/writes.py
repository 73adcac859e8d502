"""All that people, staff and workers write, one thing at a time and at random."""

import contextlib
import random
from collections.abc import Callable

from sentiment.bulk.reviews import Row, import_rows
from sentiment.labelling.disputes import NotAsked, decide, dispute
from sentiment.labelling.labels import relabel
from sentiment.models import Dispute, ModelVersion, Promotion
from sentiment.versions import moves
from sentiment.versions.promotion import promote
from sentiment.worker.scorers import Chosen
from sentiment.worker.scoring import claim, store
from tests.load.generator import prediction
from tests.makers import TEXT, make_member, make_movie, make_review
from textflix.members.models import User
from textflix.movies import revisions
from textflix.movies.models import Genre, Movie, Person
from textflix.pages import site_figures
from textflix.reviews.changes import changing
from textflix.reviews.models import Review

FEWEST = 3
"""So many films and reviews stay, so that there is always something to write on."""


class Writers:
    """Each method but `one` is something that is done to a film, a review or a member drawn at random."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.number = chance.randrange(10**6)
        self.film = chance.choice(list(Movie.objects.order_by("pk")))
        self.review = chance.choice(list(Review.objects.order_by("pk")))

    def one(self) -> str:
        """Do one of these things; returns which."""
        name = self.chance.choice([name for name in vars(Writers) if not name.startswith("_") and name != "one"])
        deed: Callable[[], object] = getattr(self, name)
        deed()
        return name

    def post(self) -> None:
        author = make_member(f"member{self.number}")
        make_review(self.film, author, text=f"{TEXT} {self.number}", stars=self.chance.randint(1, 10))

    def edit(self) -> None:
        self.review.text = f"{TEXT} Edited {self.number}."
        self.review.save(update_fields=["text"])

    def delete(self) -> None:
        if Review.objects.count() > FEWEST:
            self.review.delete()

    def hide(self) -> None:
        with changing() as changes:
            ids = changes.take(Review.objects.filter(pk=self.review.pk))
            Review.objects.filter(pk__in=ids).update(hidden=not self.review.hidden)

    def label(self) -> None:
        relabel([self.review.pk], self.chance.choice(["positive", "negative", "cleared"]), source="admin")

    def dispute(self) -> None:
        reader = User.objects.get_or_create(username="objector", email="objector@example.org")[0]
        with contextlib.suppress(NotAsked):
            dispute(Review.objects.with_verdict().get(pk=self.review.pk), f"It is not so, {self.number}.", reader)

    def decide(self) -> None:
        waiting = list(Dispute.objects.filter(outcome="").values_list("pk", flat=True)[:1])
        decide(waiting, self.chance.choice(["positive", "negative"]), make_member(f"judge{self.number}"))

    def score(self) -> None:
        serving = Promotion.objects.serving()
        if claimed := claim(serving, 2):
            store(Chosen(serving, serving), claimed, [prediction(item.text, self.chance) for item in claimed])

    def promote(self) -> None:
        promote(self.chance.choice(list(ModelVersion.objects.order_by("pk"))), reason=f"for the {self.number}th time")

    def rename_version(self) -> None:
        ModelVersion.objects.update(name=f"version {self.number}")

    def import_one(self) -> None:
        row = Row(self.film.imdb_id, f"file/{self.number}", f"{TEXT} {self.number}", stars=3)
        import_rows([row], source="file", label_source="imported")

    def rename_member(self) -> None:
        if self.review.author:
            self.review.author.username = f"renamed{self.number}"
            self.review.author.save()

    def delete_member(self) -> None:
        if self.review.author and Review.objects.count() > FEWEST:
            self.review.author.delete()

    def add_film(self) -> None:
        make_movie(f"film{self.number}", imdb_id=f"tt{9_000_000 + self.number}")

    def delete_film(self) -> None:
        if Review.objects.exclude(movie=self.film).exists() and Movie.objects.count() > FEWEST:
            self.film.delete()

    def rename_film(self) -> None:
        Movie.objects.filter(pk=self.film.pk).update(title=f"Renamed {self.number}")

    def list_or_not(self) -> None:
        Movie.objects.filter(pk=self.film.pk).update(listed=not self.film.listed)

    def add_genre(self) -> None:
        self.film.genres.add(
            Genre.objects.get_or_create(name=f"Genre {self.number % 3}", slug=f"g{self.number % 3}")[0]
        )

    def rename_genre(self) -> None:
        Genre.objects.filter(pk__in=Genre.objects.values("pk")[:1]).update(name=f"Renamed {self.number}")

    def clear_genres(self) -> None:
        self.film.genres.clear()

    def credit(self) -> None:
        person = Person.objects.get_or_create(name=f"Person {self.number % 4}")[0]
        self.film.credits.get_or_create(person=person, role="cast", defaults={"position": self.number % 30_000})

    def rename_person(self) -> None:
        Person.objects.filter(pk__in=Person.objects.values("pk")[:1]).update(name=f"Renamed {self.number}")

    def sweep(self) -> None:
        site_figures.renew()
        revisions.add_up()
        moves.note_moves()


def write_at_random(chance: random.Random) -> str:
    """Do one of the things that people, staff and workers do; returns which."""
    return Writers(chance).one()
