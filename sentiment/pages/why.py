"""Why a film is loved, or is not: what its reviews say of each aspect, each number with the sentences behind it."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
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
SAME, ALIKE = 1.0, 0.5
"""Of the words of two sentences together: what shares all of them is the same, what shares half says the same."""

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
    """Praise or criticism of one aspect: how many, the most decided ones, and its bar's length in percent.

    `told` is the most decided one whose sentence is told nowhere else on the page.
    """

    count: int
    judgements: Sequence[Judgement]
    length: float
    told: Judgement | None

    @property
    def rest(self) -> float:
        return round(100 - self.length, 2)


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
    """All judged aspects of a film, the most judged first; then the sentences that spoke most for and against it."""

    rows: Sequence[Row]
    one_by_one: bool
    praise: Sequence[Highlight]
    criticism: Sequence[Highlight]

    @property
    def judged(self) -> int:
        return sum(row.judged for row in self.rows)


def why(movie: Movie) -> Why:
    """Read what is stored of a film's aspects and quotes, in three queries. No sentence is told twice."""
    stored = sorted(MovieAspect.objects.filter(movie=movie), key=lambda row: (-row.judged, row.aspect))
    longest = max((max(row.positive, row.negative) for row in stored), default=0)
    judgements = _read(Judgement.objects.all(), [pk for row in stored for pk in (*row.praise, *row.criticism)])
    told: list[frozenset[str]] = []

    def side(count: int, ids: Iterable[int]) -> Side:
        listed = [judgements[pk] for pk in ids if pk in judgements]
        return Side(count, listed, round(100 * count / longest, 2), next(_untold(listed, told, SAME), None))

    rows = [Row(row.aspect, side(row.positive, row.praise), side(row.negative, row.criticism)) for row in stored]
    sentiment: MovieSentiment | None = getattr(movie, "sentiment", None)
    sides = (sentiment.praise, sentiment.criticism) if sentiment else ((), ())
    highlights = _read(Highlight.objects.all(), [*sides[0], *sides[1]])
    praise, criticism = (
        list(islice(_untold((highlights[pk] for pk in ids if pk in highlights), told, ALIKE), QUOTES)) for ids in sides
    )
    return Why(rows, longest <= MARKS, praise, criticism)


def _read(evidence: "QuerySet[Evidence]", ids: Sequence[int]) -> dict[int, Evidence]:
    return with_sentences(evidence).in_bulk(ids) if ids else {}


def _untold(listed: Iterable[Evidence], told: list[frozenset[str]], most: float) -> Iterator[Evidence]:
    """Yield, and note as told, what shares less than `most` of the words with all that is told already."""
    for each in listed:
        sentence: str = each.sentence  # type: ignore[attr-defined]
        # A sentence that is not shown, or has no words, is itself alone.
        words = frozenset(_WORD.findall(sentence.lower()) if sentence != SPOILER else ()) or {place_of(each)}
        if all(len(words & other) < most * len(words | other) for other in told):
            told.append(frozenset(words))
            yield each


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
    found = _read(Highlight.objects.all(), list(chosen.values()))
    return {movie: found[pk] for movie, pk in chosen.items() if pk in found}


def side_by_side(first: Movie, second: Movie) -> list[tuple[str, MovieAspect | None, MovieAspect | None]]:
    """Read each aspect that reviews of either film judge, the most judged first, in one query."""
    found = {(row.movie_id, row.aspect): row for row in MovieAspect.objects.filter(movie__in=[first, second])}
    judged = Counter[str]()
    for (_, aspect), row in found.items():
        judged[aspect] += row.judged
    order = sorted(judged, key=lambda aspect: (-judged[aspect], aspect))
    return [(aspect, found.get((first.pk, aspect)), found.get((second.pk, aspect))) for aspect in order]
