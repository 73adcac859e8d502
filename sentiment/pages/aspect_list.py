"""The sentences that judge one aspect of a film: which side, and which page of them."""

from django.http import QueryDict

from sentiment.models import Judgement, MovieAspect
from sentiment.pages.why import with_sentences
from textflix.movies.models import Movie
from textflix.pagination import Keyset, Part

PER_PAGE = 30
SIDES = {"": "All", "praise": "Praise", "criticism": "Criticism"}
# The most decided first; all of both sides from praise to criticism.
ORDERS = {
    "": Keyset("judgements", Part(("-positive", "-pk"))),
    "praise": Keyset("praise", Part(("-positive", "-pk"))),
    "criticism": Keyset("criticism", Part(("positive", "-pk"))),
}


class JudgementList:
    """The page of judgements that ?side= and ?after= ask for. A side that makes no sense is as if not given."""

    def __init__(self, movie: Movie, aspect: str, asked: QueryDict) -> None:
        side = str(asked.get("side", ""))
        self.side = side if side in SIDES else ""
        stored = MovieAspect.objects.filter(movie=movie, aspect=aspect).first()
        self.counts = {"": 0, "praise": 0, "criticism": 0}
        if stored:
            self.counts = {"": stored.judged, "praise": stored.positive, "criticism": stored.negative}
        judgements = Judgement.objects.filter(review__movie=movie, review__public=True, aspect=aspect)
        if self.side:
            judgements = judgements.filter(**{f"positive__{'gt' if self.side == 'praise' else 'lte'}": 0.5})
        judgements = with_sentences(judgements).select_related("review__author").defer("review__text")
        self.page = ORDERS[self.side].page(judgements, asked.get("after", ""), PER_PAGE)

    @property
    def sides(self) -> list[tuple[str, str, int]]:
        """Each side: its name in the address, in words, and how many sentences it has."""
        return [(side, name, self.counts[side]) for side, name in SIDES.items()]
