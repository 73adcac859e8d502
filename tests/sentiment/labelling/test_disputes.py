"""An author says whether they were read right, a reader why a verdict is wrong, and staff decide for all to see."""

import pytest
from django.contrib.auth.models import Permission

from sentiment.labelling.labels import relabel
from sentiment.models import Dispute, Label, MovieSentiment, Score
from sentiment.verdicts.aggregates import refresh
from sentiment.verdicts.effective import settle
from tests.makers import make_member, make_movie, make_review, read
from textflix.reviews.models import Review

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("nothing_is_off")]

ASKED = "Did we read you right?"
REASON = "It is ironic: the film is torn to pieces."


@pytest.fixture
def review():
    return read(make_review(make_movie(), make_member("ada")), 0.9)


def shown(client, review):
    return client.get(review.get_absolute_url()).content.decode()


def test_the_author_is_asked_until_they_have_answered(client, review):
    client.force_login(review.author)
    assert ASKED in shown(client, review)
    answer = client.post(f"/review/{review.pk}/confirm/", {"value": "negative"}, follow=True)
    assert "Labelled negative" in answer.content.decode()
    assert ASKED not in answer.content.decode()
    label = Label.objects.get(review=review)
    assert (label.value, label.source, label.by) == ("negative", "author", review.author)
    film = MovieSentiment.objects.get(movie=review.movie)
    assert (film.positive, film.negative) == (0, 1)


def test_an_edited_text_is_asked_about_again(client, review):
    client.force_login(review.author)
    client.post(f"/review/{review.pk}/confirm/", {"value": "positive"})
    review.text += " And the music is lovely."
    review.save()
    read(Review.objects.get(pk=review.pk), 0.2)
    assert ASKED in shown(client, review)


def test_nobody_else_is_asked_or_heard(client, review):
    assert ASKED not in shown(client, review)
    assert client.post(f"/review/{review.pk}/confirm/", {"value": "negative"}).status_code == 302
    client.force_login(make_member("eve"))
    assert ASKED not in shown(client, review)
    assert client.post(f"/review/{review.pk}/confirm/", {"value": "negative"}).status_code == 403
    assert not Label.objects.exists()


@pytest.mark.parametrize("value", ["", "cleared", "lovely"])
def test_what_is_no_verdict_is_refused(client, review, value):
    client.force_login(review.author)
    assert client.post(f"/review/{review.pk}/confirm/", {"value": value}).status_code == 400
    assert not Label.objects.exists()


def test_a_visitor_is_told_on_the_reviews_page_that_it_can_be_disputed_and_asked_to_sign_in(client, review):
    assert "Did we misread it?" in shown(client, review)
    answer = client.get(f"/review/{review.pk}/dispute/")
    assert answer.status_code == 302
    assert answer.url.startswith("/accounts/login/?next=/review/")


def test_a_dispute_reaches_the_staff_and_its_outcome_the_page(client, review, admin_client):
    reader = make_member("eve")
    client.force_login(reader)
    assert "Did we misread it?" in shown(client, review)
    answer = client.post(f"/review/{review.pk}/dispute/", {"reason": REASON}, follow=True)
    assert REASON in answer.content.decode()
    assert "Waits for a decision" in answer.content.decode()
    queue = admin_client.get("/admin/sentiment/dispute/").content.decode()
    assert REASON in queue
    chosen = {"action": "decide_negative", "_selected_action": [Dispute.objects.get().pk]}
    admin_client.post("/admin/sentiment/dispute/", chosen)
    page = shown(client, review)
    assert "Labelled negative" in page
    assert "The verdict was corrected" in page


def test_a_verdict_that_is_kept_is_said_to_be_kept(client, review, admin_client):
    client.force_login(make_member("eve"))
    client.post(f"/review/{review.pk}/dispute/", {"reason": REASON})
    chosen = {"action": "decide_kept", "_selected_action": [Dispute.objects.get().pk]}
    admin_client.post("/admin/sentiment/dispute/", chosen)
    assert "The verdict was kept" in shown(client, review)
    assert not Label.objects.exists()


def test_saying_it_again_replaces_what_was_said(client, review):
    client.force_login(make_member("eve"))
    for reason in (REASON, "On second thoughts: it is a parody."):
        client.post(f"/review/{review.pk}/dispute/", {"reason": reason})
    assert [dispute.reason for dispute in Dispute.objects.all()] == ["On second thoughts: it is a parody."]


def test_what_was_decided_is_not_disputed_again_unless_the_verdict_changes(client, review, admin_client):
    client.force_login(make_member("eve"))
    address = f"/review/{review.pk}/dispute/"
    client.post(address, {"reason": REASON})
    chosen = {"action": "decide_kept", "_selected_action": [Dispute.objects.get().pk]}
    admin_client.post("/admin/sentiment/dispute/", chosen)
    again = client.post(address, {"reason": REASON})
    assert again.status_code == 409
    assert "it was decided" in again.content.decode()
    assert Dispute.objects.count() == 1
    Score.objects.update(positive=0.1)
    settle([review.pk])
    refresh([review.movie_id])
    assert client.post(address, {"reason": REASON}).status_code == 302
    assert [dispute.verdict for dispute in Dispute.objects.all()] == ["negative", "positive"]


def test_a_review_that_nobody_sees_waits_for_no_decision(client, review, admin_client):
    client.force_login(make_member("eve"))
    client.post(f"/review/{review.pk}/dispute/", {"reason": REASON})
    for hidden in (True, False):
        review.hidden = hidden
        review.save()
        assert (REASON in admin_client.get("/admin/sentiment/dispute/").content.decode()) != hidden


def test_of_a_text_that_was_edited_since_nothing_is_decided(client, review, admin_client):
    client.force_login(make_member("eve"))
    client.post(f"/review/{review.pk}/dispute/", {"reason": REASON})
    review.text += " And the music is lovely."
    review.save()
    chosen = {"action": "decide_negative", "_selected_action": [Dispute.objects.get().pk]}
    answer = admin_client.post("/admin/sentiment/dispute/", chosen, follow=True)
    assert "Nothing was labelled there" in answer.content.decode()
    assert Dispute.objects.get().outcome == "outdated"
    assert not Label.objects.exists()


def test_who_disputes_without_end_is_asked_to_wait(client, review, settings):
    settings.DISPUTES_PER_HOUR = 1
    client.force_login(make_member("eve"))
    for status in (302, 429):
        assert client.post(f"/review/{review.pk}/dispute/", {"reason": REASON}).status_code == status


def test_an_answer_is_taken_once_and_not_against_the_staff(client, review):
    client.force_login(review.author)
    for value in ("negative", "positive"):
        client.post(f"/review/{review.pk}/confirm/", {"value": value})
    assert [label.value for label in Label.objects.all()] == ["negative"]
    other = read(make_review(make_movie("vertigo", title="Vertigo"), review.author), 0.9)
    relabel([other.pk], "negative", source="admin")
    assert ASKED not in shown(client, other)
    client.post(f"/review/{other.pk}/confirm/", {"value": "positive"})
    assert not Label.objects.filter(review=other, source="author").exists()


def test_a_dispute_needs_a_reason_a_verdict_and_somebody_else(client, review):
    address = f"/review/{review.pk}/dispute/"
    assert client.get(address).status_code == 302
    client.force_login(make_member("eve"))
    assert client.post(address, {"reason": "no"}).status_code == 400
    unread = make_review(review.movie, make_member("bob"))
    assert client.post(f"/review/{unread.pk}/dispute/", {"reason": REASON}).status_code == 409
    client.force_login(review.author)
    assert client.post(address, {"reason": REASON}).status_code == 403
    assert not Dispute.objects.exists()


def test_staff_without_the_right_to_label_decide_nothing(client, review):
    staff = make_member("staff", is_staff=True)
    staff.user_permissions.add(Permission.objects.get(codename="view_dispute"))
    dispute = Dispute.objects.create(
        review=review, digest=review.digest, verdict="positive", by=make_member("eve"), reason=REASON
    )
    client.force_login(staff)
    client.post("/admin/sentiment/dispute/", {"action": "decide_negative", "_selected_action": [dispute.pk]})
    dispute.refresh_from_db()
    assert dispute.outcome == ""


def test_a_dispute_leaves_with_its_review(client, review):
    Dispute.objects.create(
        review=review, digest=review.digest, verdict="positive", by=make_member("eve"), reason=REASON
    )
    review.delete()
    assert not Dispute.objects.exists()
