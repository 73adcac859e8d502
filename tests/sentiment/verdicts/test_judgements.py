"""A film's why: one judgement per review and aspect, counted by film, true after whatever happens to its reviews."""

import random

import pytest
from django.core.management import CommandError, call_command

from sentiment.labelling.labels import relabel
from sentiment.models import AspectMention, Judgement, ModelVersion, MovieAspect, MovieSentiment, Reading
from sentiment.pages.why import why
from sentiment.verdicts.aggregates import MARKS, refresh
from sentiment.verdicts.effective import settle
from sentiment.versions.promotion import promote
from sentiment.worker import scoring
from tests.conftest import PAN, PRAISE
from tests.makers import make_member, make_movie, make_review
from textflix.movies.models import Movie
from textflix.reviews.models import Review

pytestmark = pytest.mark.usefixtures("nothing_is_off")

MIXED = "The acting is superb. The music is awful, just awful. A superb, moving performance by everyone."


def counts(movie: Movie) -> dict[str, tuple[int, int]]:
    return {row.aspect: (row.positive, row.negative) for row in MovieAspect.objects.filter(movie=movie)}


def sentences(ids: list[int]) -> list[str]:
    found = Judgement.objects.select_related("review").in_bulk(ids)
    return [found[pk].review.text[found[pk].start : found[pk].end] for pk in ids]


def test_a_review_judges_each_aspect_once_by_its_most_decided_sentence(movie: Movie, version) -> None:
    review = make_review(movie, make_member(), text=MIXED)
    scoring.drain(10)
    score = Reading.objects.get(pk=review.pk).score
    assert score.mentions.filter(aspect="acting").count() == 2
    acting = Judgement.objects.get(review=review, aspect="acting")
    strongest = max(score.mentions.filter(aspect="acting"), key=lambda mention: abs(mention.positive - 0.5))
    assert (acting.start, acting.positive) == (strongest.start, strongest.positive)
    assert counts(movie) == {"acting": (1, 0), "music": (0, 1)}
    (music,) = MovieAspect.objects.filter(movie=movie, aspect="music")
    assert sentences(music.criticism) == ["The music is awful, just awful."]
    assert music.praise == []


def test_only_public_reviews_count_and_what_changes_is_counted_anew(movie: Movie, version) -> None:
    praise, pan = make_review(movie, make_member(), text=PRAISE), make_review(movie, make_member(), text=PAN)
    scoring.drain(10)
    assert counts(movie)["acting"] == (1, 1)
    pan.hidden = True
    pan.save()
    assert counts(movie)["acting"] == (1, 0)
    pan.hidden = False
    pan.save()
    praise.text = PAN
    praise.save()
    assert counts(movie)["acting"] == (0, 1)
    scoring.drain(10)
    assert counts(movie)["acting"] == (0, 2)
    praise.delete()
    pan.delete()
    assert counts(movie) == {}


def test_spoilers_count_and_are_neither_quoted_nor_given_away(movie: Movie, version, client) -> None:
    text = "The acting is superb, and I loved every minute of it."
    review = make_review(movie, make_member(), text=text, spoiler=True)
    scoring.drain(10)
    assert counts(movie)["acting"] == (1, 0)
    assert MovieSentiment.objects.get(movie=movie).praise == []
    for address in (movie.get_absolute_url(), f"{movie.get_absolute_url()}why/acting/"):
        page = client.get(address).content.decode().split('<section id="reviews"')[0]
        assert "A sentence of a review with spoilers" in page
        assert "The acting is superb" not in page
    review.spoiler = False
    review.save()
    assert MovieSentiment.objects.get(movie=movie).praise != []


def test_a_label_changes_the_verdict_and_not_what_was_said_of_the_acting(movie: Movie, version) -> None:
    review = make_review(movie, make_member(), text=PRAISE)
    scoring.drain(10)
    before = counts(movie)
    relabel([review.pk], "negative", source="admin")
    assert counts(movie) == before != {}


def test_judgements_follow_the_version_that_read_last(movie: Movie, version, make_version) -> None:
    review = make_review(movie, make_member(), text=PRAISE)
    scoring.drain(10)
    promote(make_version(), reason="newer")
    scoring.drain(10)
    AspectMention.objects.filter(score__version=version).update(positive=0.01)
    assert Judgement.objects.get(review=review, aspect="acting").positive > 0.5


def test_as_many_as_fit_are_listed_the_most_decided_first(movie: Movie, version) -> None:
    reviews = [make_review(movie, make_member(), text=PRAISE) for _ in range(10)]
    scoring.drain(20)
    for n, review in enumerate(reviews):
        AspectMention.objects.filter(score__review=review, aspect="acting").update(positive=0.7 + n / 100)
    settle([review.pk for review in reviews])
    refresh([movie.pk])
    (acting,) = MovieAspect.objects.filter(movie=movie, aspect="acting")
    listed = Judgement.objects.in_bulk(acting.praise)
    assert [listed[pk].review_id for pk in acting.praise] == [review.pk for review in reversed(reviews)][:MARKS]
    assert (acting.positive, acting.negative) == (10, 0)


def test_a_sentence_that_can_be_read_comes_before_a_more_decided_one_with_spoilers(movie, version) -> None:
    spoiler, other = (
        make_review(movie, make_member(), text=PRAISE, spoiler=True),
        make_review(movie, make_member(), text=PRAISE),
    )
    scoring.drain(10)
    AspectMention.objects.filter(score__review=spoiler, aspect="acting").update(positive=0.99)
    AspectMention.objects.filter(score__review=other, aspect="acting").update(positive=0.7)
    settle([spoiler.pk, other.pk])
    refresh([movie.pk])
    listed = MovieAspect.objects.get(movie=movie, aspect="acting").praise
    assert [Judgement.objects.get(pk=pk).review_id for pk in listed] == [other.pk, spoiler.pk]
    (told,) = (row.praise.told.sentence for row in why(movie).rows if row.aspect == "acting")
    assert "The acting is superb" in told


@pytest.mark.parametrize("seed", range(5))
def test_counts_add_up_whatever_happened(version: ModelVersion, seed: int) -> None:
    chance = random.Random(seed)
    films = [make_movie(), make_movie()]
    reviews: list[Review] = []
    for _ in range(25):
        match chance.choice(["post", "post", "read", "edit", "hide", "delete", "move"]):
            case "post":
                reviews.append(
                    make_review(chance.choice(films), make_member(), text=chance.choice([PRAISE, PAN, MIXED]))
                )
            case "read":
                scoring.drain(10)
            case _ if not reviews:
                continue
            case "delete":
                reviews.pop(chance.randrange(len(reviews))).delete()
            case change:
                review = chance.choice(reviews)
                if change == "edit":
                    review.text = chance.choice([PRAISE, PAN, MIXED])
                elif change == "hide":
                    review.hidden = not review.hidden
                else:
                    review.movie = chance.choice(films)
                review.save()
    scoring.drain(100)
    for film in films:
        judged = Judgement.objects.filter(review__movie=film, review__hidden=False)
        for aspect, (positive, negative) in counts(film).items():
            of_aspect = judged.filter(aspect=aspect)
            assert of_aspect.filter(positive__gt=0.5).count() == positive
            assert of_aspect.count() == positive + negative


def test_a_film_whose_aspects_were_tampered_with_is_found_and_mended(movie: Movie, version) -> None:
    make_review(movie, make_member(), text=PRAISE)
    scoring.drain(10)
    before = counts(movie)
    MovieAspect.objects.filter(movie=movie).update(positive=7)
    Judgement.objects.filter(review__movie=movie, aspect="story").delete()
    with pytest.raises(CommandError, match="differences"):
        call_command("rebuild_sentiment", "--check")
    call_command("rebuild_sentiment")
    assert counts(movie) == before
