"""Counts what this site claims and marks, so that it can be compared with what it claimed and marked before."""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand

from sentiment.models import Highlight, Judgement, MovieAspect, MovieSentiment, Reading
from sentiment.pages.why import SPOILER, why
from sentiment.verdicts.claims import word_for
from textflix.intervals import lower_bound
from textflix.movies.models import Movie

Figures = dict[str, Any]


class Command(BaseCommand):
    help = "Print how much is marked in reviews, and what is claimed of films, as one JSON object."

    def handle(self, *args: Any, **options: Any) -> None:
        found = {"marks": marks(), "claims": claims(), "quotes": quotes()}
        self.stdout.write(json.dumps(found, indent=2))


def marks() -> Figures:
    """Count the marks of what public reviews were last read to say."""
    reviews, marked, counts, both, contradicted, chips = 0, 0.0, Counter[int](), 0, 0, 0
    current = Reading.objects.filter(review__public=True, unread="", score__isnull=False).select_related("score")
    for reading in current.prefetch_related("score__mentions").iterator(chunk_size=1_000):
        score = reading.score
        if score is None or not score.sentences:
            continue
        signs = {each["start"]: each["sign"] for each in score.sentences if "mark" in each}
        reviews += 1
        counts[len(signs)] += 1
        both += len(set(signs.values())) == 2
        lengths = {each["start"]: each["end"] - each["start"] for each in score.sentences}
        marked += sum(lengths[start] for start in signs) / max(1, sum(lengths.values()))
        at_marks = [mention for mention in score.mentions.all() if mention.start in signs]
        chips += len(at_marks)
        contradicted += sum((mention.positive > 0.5) != (signs[mention.start] == "+") for mention in at_marks)
    return {
        "reviews": reviews,
        "by_number_of_marks": dict(sorted(counts.items())),
        "part_of_text": marked / max(1, reviews),
        "with_both_signs": both / max(1, reviews),
        "chips_at_marks": chips,
        "contradicted": contradicted,
    }


def claims() -> Figures:
    """Count the words for films, and what their headlines claim of aspects."""
    films = MovieSentiment.objects.filter(positive__gt=0) | MovieSentiment.objects.filter(negative__gt=0)
    words = Counter(word_for(film) for film in films)
    sides = [(film.praised_by, film.praised_of) for film in films if film.praised]
    sides += [(film.faulted_by, film.faulted_of) for film in films if film.faulted]
    return {
        "films": len(films),
        "words": dict(words.most_common()),
        "liked_while_even_is_likely": sum(
            word_for(film) in ("Liked", "Loved") and lower_bound(film.positive, film.judged) <= 0.5 for film in films
        ),
        "aspects": len(sides),
        "of_less_than_four": sum(of < 4 for _, of in sides),
        "while_even_is_likely": sum(lower_bound(by, of) <= 0.5 for by, of in sides),
        "aspects_judged": MovieAspect.objects.count(),
        "loved_with_a_fault_alone": sum(bool(f.faulted and not f.praised) and word_for(f) == "Loved" for f in films),
    }


def quotes() -> Figures:
    """Count the sentences that film pages quote, and those that stand on one twice."""
    quoted, twice = 0, 0
    for movie in Movie.objects.filter(sentiment__isnull=False).select_related("sentiment").iterator():
        sentences = Counter(_quoted(movie))
        quoted += sentences.total()
        twice += sum(count - 1 for count in sentences.values())
    return {"quoted": quoted, "twice": twice}


def _quoted(movie: Movie) -> Iterator[str]:
    found = why(movie)
    shown: list[Judgement | Highlight] = [*found.praise, *found.criticism]
    shown += [side.told for row in found.rows for side in (row.praise, row.criticism) if side.told]
    for evidence in shown:
        sentence: str = evidence.sentence  # type: ignore[union-attr]
        if sentence != SPOILER:
            yield sentence
