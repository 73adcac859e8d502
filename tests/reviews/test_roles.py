"""Who may do what to a review: every role at every address with every method."""

import pytest

from tests.makers import TEXT, make_member, make_movie, make_review
from textflix.reviews.models import Review

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("nothing_is_off")]

LOGIN = "/accounts/login/?next="
NEW, VIEW, EDIT, DELETE = "/film/rear-window/review/", "/review/{}/", "/review/{}/edit/", "/review/{}/delete/"
# Status by (address, method) for visitor, author, other member, staff; 302 for a visitor is always to sign in.
TABLE = {
    (NEW, "get"): (302, 200, 200, 200),
    (NEW, "post"): (302, 409, 302, 302),
    (VIEW, "get"): (200, 200, 200, 200),
    (VIEW, "post"): (405, 405, 405, 405),
    (EDIT, "get"): (302, 200, 403, 403),
    (EDIT, "post"): (302, 302, 403, 403),
    (EDIT, "put"): (302, 405, 405, 405),
    (DELETE, "get"): (302, 200, 403, 403),
    (DELETE, "post"): (302, 302, 403, 403),
    (DELETE, "delete"): (302, 405, 405, 405),
}
HIDDEN = {
    (VIEW, "get"): (404, 404, 404, 200),
    (EDIT, "get"): (302, 404, 404, 404),
    (EDIT, "post"): (302, 404, 404, 404),
    (DELETE, "get"): (302, 404, 404, 404),
    (DELETE, "post"): (302, 404, 404, 404),
}
ROLES = ("visitor", "author", "other", "staff")


def cases(table):
    return [
        (path, method, role, status)
        for (path, method), row in table.items()
        for role, status in zip(ROLES, row, strict=True)
    ]


@pytest.fixture
def review(db):
    return make_review(make_movie(), make_member("author"))


def send(client, review, path, method, role):
    if role == "author":
        client.force_login(review.author)
    elif role != "visitor":
        client.force_login(make_member(role, is_staff=role == "staff"))
    return getattr(client, method)(path.format(review.pk), {"text": f"By {role}: {TEXT}"} if method == "post" else {})


@pytest.mark.parametrize(("path", "method", "role", "status"), cases(TABLE))
def test_what_each_role_may_do(client, review, path, method, role, status):
    answer = send(client, review, path, method, role)
    assert answer.status_code == status
    if role == "visitor" and status == 302:
        assert answer["Location"].startswith(LOGIN)
    changed = path in (EDIT, DELETE) and method == "post" and role == "author"
    assert Review.objects.filter(pk=review.pk, text=TEXT).exists() != changed


@pytest.mark.parametrize(("path", "method", "role", "status"), cases(HIDDEN))
def test_a_hidden_review_is_gone_for_all_but_staff(client, review, path, method, role, status):
    review.hidden = True
    review.save()
    assert send(client, review, path, method, role).status_code == status
    assert Review.objects.get().text == TEXT
