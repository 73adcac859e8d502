"""Why a film is loved, or is not: what its reviews say of each aspect, each number with the sentences behind it."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

from django.db.models import Case, F, Func, QuerySet, TextField, Value, When
from django.db.models.functions import Concat, Least, Substr
from django.urls import reverse

from sentiment.models import Highlight, Judgement, MovieAspect, MovieSentiment
from sentiment.verdicts.aggregates import MARKS
from textflix.movies.models import Movie

SHOWN = 600
"""Of a longer sentence so many characters are shown: the rest is in its review."""
SPOILER = "A sentence of a review with spoilers: open it to read it."
QUOTES = 3
ALIKE = 0.5
"""Sentences that share half of their words say the same."""

Evidence = TypeVar("Evidence", Judgement, Highlight)


def with_sentences(evidence: "QuerySet[Evidence]") -> "QuerySet[Evidence]":
    """Annotate evidence with its `sentence`, cut out by the database without the whole text, and without spoilers."""
    length = F("end") - F("start")
    sentence = Substr("review__text", F("start") + 1, Least(length, SHOWN), output_field=TextField())
    one_line = Func(sentence, function="regexp_replace", template=r"%(function)s(%(expressions)s, '\s+', ' ', 'g')")
    rest = Case(When(end__gt=F("start") + SHOWN, then=Value(" …")), default=Value(""), output_field=TextField())
    spoiler = When(review__spoiler=True, then=Value(SPOILER))
    return evidence.annotate(sentence=Case(spoiler, default=Concat(one_line, rest), output_field=TextField()))


def place_of(evidence: Judgement | Highlight) -> str:
    """Return the address of the sentence in its review."""
    return f"{reverse('review', args=[evidence.review_id])}#s{evidence.review_id}-{evidence.start}"


@lru_cache(maxsize=4_096)
def address_of_why(slug: str, aspect: str) -> str:
    """Return the address of a film's sentences on one aspect; kept, because a page has a hundred of its film's ten."""
    return reverse("film_why", args=[slug, aspect])


@dataclass(frozen=True, slots=True)
class Side:
    """Praise or criticism of one aspect: how many, the most decided ones, and its bar's length in percent."""

    count: int
    judgements: Sequence[Judgement]
    length: float

    @property
    def rest(self) -> float:
        return round(100 - self.length, 2)

    @property
    def strongest(self) -> Judgement | None:
        return self.judgements[0] if self.judgements else None


@dataclass(frozen=True, slots=True)
class Row:
    """One aspect, with the praise and the criticism of it."""

    aspect: str
    praise: Side
    criticism: Side

    @property
    def judged(self) -> int:
        return self.praise.count + self.criticism.count


@dataclass(frozen=True, slots=True)
class Why:
    """All judged aspects of a film, the most judged first."""

    rows: Sequence[Row]
    one_by_one: bool

    @property
    def judged(self) -> int:
        return sum(row.judged for row in self.rows)


def why(movie: Movie) -> Why:
    """Read what is stored of a film's aspects, in two queries."""
    stored = sorted(MovieAspect.objects.filter(movie=movie), key=lambda row: (-row.judged, row.aspect))
    longest = max((max(row.positive, row.negative) for row in stored), default=0)
    # Bars stand for all of a side's judgements, and only its strongest is told in words.
    told = MARKS if longest <= MARKS else 1
    ids = [pk for row in stored for side in (row.praise, row.criticism) for pk in side[:told]]
    found = with_sentences(Judgement.objects.all()).in_bulk(ids)

    def side(count: int, listed: Iterable[int]) -> Side:
        return Side(count, [found[pk] for pk in listed if pk in found], round(100 * count / longest, 2))

    rows = [Row(row.aspect, side(row.positive, row.praise), side(row.negative, row.criticism)) for row in stored]
    return Why(rows, longest <= MARKS)


@dataclass(frozen=True, slots=True)
class Quotes:
    """The sentences that spoke most for and against a film, one of each review."""

    praise: Sequence[Highlight]
    criticism: Sequence[Highlight]


def quotes(sentiment: MovieSentiment) -> Quotes:
    """Read the sentences that are shown of those that are stored, in one query."""
    found = with_sentences(Highlight.objects.all()).in_bulk([*sentiment.praise, *sentiment.criticism])

    def picked(ids: Iterable[int]) -> list[Highlight]:
        return different([found[pk] for pk in ids if pk in found])

    return Quotes(picked(sentiment.praise), picked(sentiment.criticism))


def different(highlights: Iterable[Highlight]) -> list[Highlight]:
    """Return the first few that do not repeat each other."""
    kept: list[tuple[Highlight, set[str]]] = []
    for highlight in highlights:
        words = set(_WORD.findall(highlight.sentence.lower()))  # type: ignore[attr-defined]
        if words and all(len(words & other) < ALIKE * len(words | other) for _, other in kept):
            kept.append((highlight, words))
        if len(kept) == QUOTES:
            break
    return [highlight for highlight, _ in kept]


_WORD = re.compile(r"\w+")


def card_quotes(movies: Iterable[Movie]) -> dict[int, Highlight]:
    """Read one sentence for each film's card, from the side that most of its reviews are on, in one query."""
    chosen: dict[int, int] = {}
    for movie in movies:
        sentiment: MovieSentiment | None = getattr(movie, "sentiment", None)
        if sentiment and sentiment.judged:
            liked = sentiment.positive >= sentiment.negative
            if listed := sentiment.praise if liked else sentiment.criticism:
                chosen[movie.pk] = listed[0]
    found = with_sentences(Highlight.objects.all()).in_bulk(chosen.values()) if chosen else {}
    return {movie: found[pk] for movie, pk in chosen.items() if pk in found}


def side_by_side(first: Movie, second: Movie) -> list[tuple[str, MovieAspect | None, MovieAspect | None]]:
    """Read each aspect that reviews of either film judge, the most judged first, in one query."""
    found = {(row.movie_id, row.aspect): row for row in MovieAspect.objects.filter(movie__in=[first, second])}
    judged = Counter[str]()
    for (_, aspect), row in found.items():
        judged[aspect] += row.judged
    order = sorted(judged, key=lambda aspect: (-judged[aspect], aspect))
    return [(aspect, found.get((first.pk, aspect)), found.get((second.pk, aspect))) for aspect in order]
