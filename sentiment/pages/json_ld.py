"""A film described for machines: schema.org's Movie with its members' reviews, praise and criticism in their words.

The model's score is no rating that anybody gave, and is never told as one.
"""

from collections.abc import Iterable
from typing import Any

from sentiment.core.labels import verdict
from sentiment.models import Score
from textflix.movies.models import Movie
from textflix.reviews.models import Review, Source

Json = dict[str, Any]

BODY, NOTE = 5_000, 500
"""So many characters are given of a review, and of a sentence: its page has the rest."""


def movie_json(movie: Movie, reviews: Iterable[Review], root: str) -> Json:
    """Describe a film and those of `reviews` that members wrote.

    `root` is the site's address without a slash.
    """
    described: Json = {
        "@context": "https://schema.org",
        "@type": "Movie",
        "name": movie.title,
        "url": root + movie.get_absolute_url(),
        "sameAs": f"https://www.imdb.com/title/{movie.imdb_id}/",
        "genre": [genre.name for genre in movie.genres.all()],
        "director": [{"@type": "Person", "name": person.name} for person in movie.directors],
        "actor": [{"@type": "Person", "name": person.name} for person in movie.cast],
        "review": [
            _review(review, root) for review in reviews if review.source == Source.MEMBER and not review.spoiler
        ],
    }
    if movie.year:
        described["dateCreated"] = str(movie.year)
    if movie.runtime:
        described["duration"] = f"PT{movie.runtime}M"
    return {name: value for name, value in described.items() if value != []}


def _review(review: Review, root: str) -> Json:
    described: Json = {
        "@type": "Review",
        "url": root + review.get_absolute_url(),
        "reviewBody": _shortened(review.text, BODY),
        "author": {"@type": "Person", "name": str(review.author)},
    }
    if review.written_at:
        described["datePublished"] = review.written_at.date().isoformat()
    if review.rating is not None:
        described["reviewRating"] = {
            "@type": "Rating",
            "ratingValue": review.rating,
            "bestRating": 5,
            "worstRating": 0.5,
        }
    reading = getattr(review, "reading", None)
    score = reading.score if reading and reading.score and reading.score.digest == review.digest else None
    # Where people decided otherwise than the critic, its reasons were wrong, and are not told.
    if reading and score and score.positive is not None and reading.verdict == verdict(score.positive):
        for name, sign in (("positiveNotes", "+"), ("negativeNotes", "-")):
            if notes := _notes(review.text, score, sign):
                listed = [{"@type": "ListItem", "position": i, "name": note} for i, note in enumerate(notes, 1)]
                described[name] = {"@type": "ItemList", "itemListElement": listed}
    return described


def _notes(text: str, score: Score, sign: str) -> list[str]:
    """The marked sentences that speak for one side."""
    marked = sorted((each for each in score.sentences if each.get("sign") == sign), key=lambda each: each["mark"])
    told = dict.fromkeys(" ".join(text[each["start"] : each["end"]].split()) for each in marked)
    return [_shortened(note, NOTE) for note in told]


def _shortened(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[:most].rstrip()} …"
