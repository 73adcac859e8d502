"""Films, members, reviews and scores for tests, with what a test does not care about filled in."""

from django.utils import timezone

from sentiment.models import ModelVersion, Score
from sentiment.verdicts.aggregates import refresh
from sentiment.verdicts.effective import settle
from sentiment.worker.scoring import READER
from textflix.members.models import User
from textflix.movies.models import Movie
from textflix.reviews.models import Review

PASSWORD = "Corr3ct-horse-battery!"
TEXT = "The second half is a joy, and the ending earned its tears."


def make_movie(slug=None, **fields):
    """A film; the first one is Rear Window where a test gives none of its facts."""
    number = Movie.objects.count() + 1
    facts = {"slug": "rear-window", "title": "Rear Window"} if number == 1 else {"title": f"Film {number}"}
    facts |= {"imdb_id": f"tt{number:07}", "year": 1954} | ({"slug": slug} if slug else {}) | fields
    return Movie.objects.create(**{"slug": f"film-{facts['imdb_id']}"} | facts)


def make_member(username=None, **fields):
    """A member; the first one is ada where a test does not care."""
    username = username or (f"member-{User.objects.count()}" if User.objects.exists() else "ada")
    return User.objects.create_user(username, f"{username}@example.org", PASSWORD, **fields)


def make_review(movie=None, author=None, **fields):
    """A review by this member, dated now; by nobody where none is given, as imported ones are."""
    if author and "written_at" not in fields:
        fields["written_at"] = timezone.now()
    review = Review(movie=movie or make_movie(), author=author, **{"text": TEXT, **fields})
    review.save()
    return Review.objects.get(pk=review.pk)


def read(review, positive, shares=(), **fields):
    """Score a review's present text as a worker would; shares are (sentence, share) in the text's order.

    Marked are the three with the largest shares that are any, each by its sign.
    """
    version, _ = ModelVersion.objects.get_or_create(
        fingerprint="f" * 64, defaults={"name": "test", "method": "probe", "base": "minilm", "layers": 4, "labels": 500}
    )
    sentences = []
    for sentence, share in shares:
        start = review.text.index(sentence)
        sentences.append({"start": start, "end": start + len(sentence), "share": share})
    largest = sorted((each for each in sentences if each["share"]), key=lambda each: -abs(each["share"]))
    for rank, each in enumerate(largest[:3], 1):
        each |= {"mark": rank, "sign": "+" if each["share"] > 0 else "-", "effect": each["share"]}
    Score.objects.create(
        review=review, version=version, digest=review.digest, positive=positive, bias=0.0, sentences=sentences, **fields
    )
    type(review.reading).objects.filter(pk=review.pk).update(version=version, reader=READER, digest=review.digest)
    settle([review.pk])
    refresh([review.movie_id])
    return Review.objects.for_pages().get(pk=review.pk)
