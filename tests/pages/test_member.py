from datetime import timedelta

import pytest
from django.db import IntegrityError
from django.utils import timezone

from tests.makers import TEXT, make_member, make_movie, make_review
from textflix.members.models import User

pytestmark = pytest.mark.django_db


def test_reviews_come_newest_first_page_by_page(client):
    ada = make_member()
    now = timezone.now()
    for number in range(45):
        make_review(
            make_movie(f"film-{number}"),
            ada,
            text=f"Number {number:02}. {TEXT}",
            written_at=now - timedelta(days=number // 2),
        )
    seen, path = [], "/member/ada/"
    while path:
        page = client.get(path).content.decode()
        seen += [int(piece[:2]) for piece in page.split("Number ")[1:]]
        _, found, rest = page.partition('<a href="?after=')
        path = f"/member/ada/?after={rest.partition(chr(34))[0]}" if found else ""
    assert len(seen) == len(set(seen)) == 45
    assert [number // 2 for number in seen] == sorted(number // 2 for number in range(45))


def test_hidden_reviews_are_neither_shown_nor_counted(client):
    ada = make_member()
    make_review(author=ada, hidden=True)
    page = client.get("/member/ada/").content.decode()
    assert TEXT not in page
    assert "0 reviews" in page


def test_any_case_leads_to_the_name_as_it_is_written(client):
    make_member("Ada")
    answer = client.get("/member/aDA/")
    assert (answer.status_code, answer["Location"]) == (301, "/member/Ada/")


@pytest.mark.parametrize(
    "path", ["/member/nobody/", "/member/a%00b/", "/member/%F0%9F%8E%AC/", f"/member/{'x' * 3000}/"]
)
def test_unknown_members_are_not_found(client, path):
    assert client.get(path).status_code == 404


def test_a_demo_member_says_so_and_stays_out_of_search_engines(client):
    for name, is_demo in (("invented", True), ("ada", False)):
        make_member(name, is_demo=is_demo)
        page = client.get(f"/member/{name}/").content.decode()
        assert ("written for the demo" in page) == is_demo
        assert ('content="noindex"' in page) == is_demo


def test_the_page_tells_nobody_the_address(client):
    make_member()
    assert "example.org" not in client.get("/member/ada/").content.decode()


def test_the_database_itself_keeps_names_apart():
    make_member("Ada")
    with pytest.raises(IntegrityError):
        User.objects.create(username="ADA")
