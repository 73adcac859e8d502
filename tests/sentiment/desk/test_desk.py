"""The desk: relabelling moves the film in the same request, is kept for ever, and is for those who may."""

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from sentiment.labelling.labels import relabel
from sentiment.models import Label, ModelVersion, MovieSentiment, Promotion, Reading, Score, TrainingRun
from sentiment.versions.promotion import promote
from sentiment.worker.scoring import drain
from sentiment.worker.verifying import answer_asked
from tests.conftest import PRAISE
from tests.makers import make_member, make_movie, make_review
from textflix.movies.models import Movie
from textflix.reviews.models import Review

pytestmark = pytest.mark.usefixtures("nothing_is_off")
REVIEWS, VERSIONS = "/admin/reviews/review/", "/admin/sentiment/modelversion/"


@pytest.fixture
def admin() -> Client:
    client = Client()
    client.force_login(make_member(is_staff=True, is_superuser=True, username="keeper"))
    return client


@pytest.fixture
def helper() -> Client:
    """Staff who may look at reviews and versions, and no more."""
    member = make_member(is_staff=True)
    names = ["view_review", "view_modelversion", "change_review"]
    member.user_permissions.set(Permission.objects.filter(codename__in=names))
    client = Client()
    client.force_login(member)
    return client


def act(client: Client, address: str, action: str, *ids: int) -> None:
    answer = client.post(address, {"action": action, "_selected_action": ids}, follow=True)
    assert answer.status_code == 200


def test_a_relabel_moves_the_film_at_once_and_can_be_taken_back(admin: Client, movie: Movie, version) -> None:
    review = make_review(movie, make_member(), text=PRAISE)
    drain(10)
    for value, counts in [
        ("negative", (0, 1, 0)),
        ("unsure", (0, 0, 1)),
        ("positive", (1, 0, 0)),
        ("cleared", (1, 0, 0)),
    ]:
        act(admin, REVIEWS, f"label_{value}", review.pk)
        film = MovieSentiment.objects.get(pk=movie.pk)
        assert (film.positive, film.negative, film.unsure) == counts
    assert [label.value for label in Label.objects.order_by("pk")] == ["negative", "unsure", "positive", "cleared"]
    assert {label.by.username for label in Label.objects.all()} == {"keeper"}


def test_the_change_page_shows_text_and_score_and_relabels(admin: Client, movie: Movie, version) -> None:
    review = make_review(movie, make_member(), text=PRAISE)
    drain(10)
    page = admin.get(f"{REVIEWS}{review.pk}/change/").content.decode()
    assert review.text in page
    assert f"{Reading.objects.get().positive:.3f}" in page
    answer = admin.post(
        f"{REVIEWS}{review.pk}/change/",
        {"relabel": "negative", "labels-TOTAL_FORMS": 0, "labels-INITIAL_FORMS": 0, "text": "changed", "stars": 1},
    )
    assert answer.status_code == 302
    assert Reading.objects.get().verdict == "negative"
    review.refresh_from_db()
    assert (review.text == "changed", review.stars) == (False, None)


def test_lists_filters_and_search_answer(admin: Client, movie: Movie, version, django_assert_max_num_queries) -> None:
    for stars in (None, 1, 10):
        make_review(movie, make_member(), text=PRAISE, stars=stars)
    drain(10)
    with django_assert_max_num_queries(12):
        assert "3 reviews" in admin.get(REVIEWS).content.decode()
    found = {
        "verdict=positive": 3, "verdict=negative": 0, "labelled=by+nobody": 3, "uncertain=uncertain": 0,
        "stars_disagree=disagree": 1, f"version={version.pk}": 3, "version=junk": 3, "quarantined=quarantined": 0,
        "q=Goodnight": 3, "q=superb": 3, "q=nowhere": 0,
    }  # fmt: skip
    for query, count in found.items():
        page = admin.get(f"{REVIEWS}?{query}")
        assert page.context["cl"].result_count == count, query


def test_score_again_reads_what_was_put_aside(admin: Client, movie: Movie, version) -> None:
    from django.utils import timezone

    review = make_review(movie, make_member(), text=PRAISE)
    Reading.objects.update(attempts=3, quarantined_at=timezone.now(), error="choked")
    drain(10)
    assert Reading.objects.get().state == "failed"
    assert "choked" in admin.get(f"{REVIEWS}{review.pk}/change/").content.decode()
    act(admin, REVIEWS, "score_again", review.pk)
    drain(10)
    assert Reading.objects.get().state == "scored"


def test_bulk_deletion_moves_every_film(admin: Client, version) -> None:
    films = [make_movie() for _ in range(3)]
    reviews = [make_review(film, make_member(), text=PRAISE) for film in reversed(films) for _ in range(2)]
    drain(10)
    admin.post(
        REVIEWS,
        {"action": "delete_selected", "_selected_action": [r.pk for r in reviews[:5]], "post": "yes"},
        follow=True,
    )
    assert sum(film.reviews for film in MovieSentiment.objects.all()) == 1


def test_versions_are_promoted_rolled_back_and_trained(admin: Client, version: ModelVersion, make_version) -> None:
    newer = make_version()
    assert "Roll back" not in admin.get(VERSIONS).content.decode(), "there is nothing to go back to"
    act(admin, VERSIONS, "promote", newer.pk)
    assert Promotion.objects.serving() == version, "nobody has verified the other yet"
    assert "waits for a worker" in admin.get(VERSIONS).content.decode()
    answer_asked()
    assert Promotion.objects.serving() == newer
    assert f"Roll back to {version}" in admin.get(VERSIONS).content.decode()
    admin.post(f"{VERSIONS}roll-back/")
    answer_asked()
    assert Promotion.objects.serving() == version
    admin.post(f"{VERSIONS}train/")
    assert TrainingRun.objects.get().requested_by.username == "keeper"
    assert b"under way" in admin.post(f"{VERSIONS}train/", follow=True).content
    assert admin.get(f"{VERSIONS}train/").status_code == 405


def test_staff_without_the_permission_change_nothing(helper: Client, movie: Movie, version, make_version) -> None:
    review, newer = make_review(movie, make_member(), text=PRAISE), make_version()
    act(helper, REVIEWS, "label_negative", review.pk)
    act(helper, REVIEWS, "score_again", review.pk)
    helper.post(f"{REVIEWS}{review.pk}/change/", {"relabel": "negative", "hidden": ""})
    act(helper, VERSIONS, "promote", newer.pk)
    assert helper.post(f"{VERSIONS}roll-back/").status_code == 403
    assert helper.post(f"{VERSIONS}train/").status_code == 403
    assert (Label.objects.count(), TrainingRun.objects.count(), Promotion.objects.serving()) == (0, 0, version)


@pytest.mark.parametrize("path", ["label", "promotion", "trainingrun", "modelversion"])
def test_history_can_be_read_and_not_written(path: str, admin: Client, version: ModelVersion) -> None:
    promote(version, reason="again")
    assert admin.get(f"/admin/sentiment/{path}/").status_code == 200
    assert admin.get(f"/admin/sentiment/{path}/add/").status_code == 403


def test_a_member_who_leaves_takes_everything_along(movie: Movie, version) -> None:
    member, other = make_member(), make_movie()
    for film in (other, movie):
        Review.objects.create(movie=film, author=member, text=PRAISE)
    drain(10)
    relabel(Review.objects.values_list("pk", flat=True), "negative", source="admin")
    member.delete()
    assert (Reading.objects.count(), Label.objects.count(), Score.objects.count()) == (0, 0, 0)
    assert [film.reviews for film in MovieSentiment.objects.all()] == [0, 0]
