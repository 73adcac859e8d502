"""Nobody learns whether an address is known, in words or in time: by signing up, in, or asking for a new password.

What takes time is counted instead of timed, so that a busy machine changes nothing: hashed passwords, letters, queries.
"""

import re

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.makers import PASSWORD, make_member

pytestmark = pytest.mark.django_db
OWN = "a-strangers-own-battery-7"


@pytest.fixture
def owner():
    """Somebody with a confirmed address."""
    member = make_member("owner")
    EmailAddress.objects.create(user=member, email=member.email, verified=True, primary=True)
    return member


@pytest.fixture
def ask(hashes):
    """Send a form in a browser of its own; return what its sender sees, and what it cost the site."""

    def ask(path, client=None, **fields):
        client = client or Client()
        client.get(path)
        hashes()
        letters = len(mail.outbox)
        with CaptureQueriesContext(connection) as queries:
            answer = client.post(path, fields)
        text = re.sub(r'name="csrfmiddlewaretoken" value="[^"]*"', "", answer.content.decode())
        for value in filter(None, fields.values()):
            text = text.replace(value, "…")
        seen = answer.status_code, answer.get("Location"), sorted(answer.cookies), text
        return seen, {"hashes": hashes(), "letters": len(mail.outbox) - letters, "queries": len(queries)}

    return ask


def assert_alike(known, unknown, lookups=0):
    """The same is seen, and the same is done, but for so many look-ups of a row by its key."""
    assert known[0] == unknown[0]
    for cost in ("hashes", "letters"):
        assert known[1][cost] == unknown[1][cost]
    assert abs(known[1]["queries"] - unknown[1]["queries"]) <= lookups


def sign_up(ask, username, email, password=PASSWORD):
    fields = {"username": username, "email": email, "password1": password, "password2": password}
    return ask("/accounts/signup/", **fields)


@pytest.mark.parametrize("verification", ["mandatory", "optional"])
def test_signing_up_with_a_known_address_looks_like_any_sign_up(ask, owner, settings, verification):
    settings.ACCOUNT_EMAIL_VERIFICATION = verification
    sign_up(ask, "first", "first@example.org")
    unknown, known = sign_up(ask, "second", "second@example.org"), sign_up(ask, "third", "owner@example.org")
    assert_alike(known, unknown, lookups=1)
    assert known[1]["letters"] == 1
    # Nor does what can be seen afterwards tell: the name is taken, and its page is there.
    for name in ("second", "third"):
        assert "That name is taken." in sign_up(ask, name, "other@example.org")[0][3]
        assert Client().get(f"/member/{name}/").status_code == 200


@pytest.mark.parametrize("known", ["owner@example.org", "made-by-staff@example.org", "squatted@example.org"])
@pytest.mark.parametrize("verification", ["mandatory", "optional"])
def test_nor_does_signing_in_by_it_afterwards(ask, owner, settings, verification, known):
    settings.ACCOUNT_EMAIL_VERIFICATION = verification
    make_member("made-by-staff")
    sign_up(ask, "squatter", "squatted@example.org")
    answers = []
    for name, address in (("first", known), ("second", "nobody@example.org")):
        sign_up(ask, name, address, OWN)
        answers.append(ask("/accounts/login/", login=address, password=OWN))
    assert_alike(*answers)


@pytest.mark.parametrize("verification", ["mandatory", "optional"])
def test_nor_does_changing_to_it(ask, owner, settings, verification):
    settings.ACCOUNT_EMAIL_VERIFICATION = verification
    tries = []
    for name, address in (("first", "owner@example.org"), ("second", "nobody@example.org")):
        member = make_member(name)
        EmailAddress.objects.create(user=member, email=member.email, verified=True, primary=True)
        member.set_password(OWN)
        member.save()
        client = Client()
        client.post("/accounts/login/", {"login": name, "password": OWN})
        client.post("/accounts/reauthenticate/", {"password": OWN})
        changes = [
            ask("/accounts/email/", client, email=address, **{action: ""}) for action in ("action_add", "action_send")
        ]
        assert [cost["letters"] for _, cost in changes] == [1, 1]
        page = client.get("/accounts/email/").content.decode()
        assert address in page
        tries.append([*changes, ask("/accounts/login/", login=address, password=OWN)])
    for known, unknown in zip(*tries, strict=True):
        assert_alike(known, unknown, lookups=1)


def test_the_owner_is_told_and_keeps_the_address(ask, owner, settings, mailoutbox):
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    sign_up(ask, "thief", "owner@example.org")
    assert "Account Already Exists" in mailoutbox[0].subject
    assert "confirm-email" not in mailoutbox[0].body
    thief = Client()
    thief.post("/accounts/login/", {"login": "thief", "password": PASSWORD})
    assert "_auth_user_id" not in thief.session
    mine = Client()
    mine.post("/accounts/login/", {"login": "owner@example.org", "password": PASSWORD})
    assert mine.session["_auth_user_id"] == str(owner.pk)


def test_an_address_is_its_owners_only_once_it_is_confirmed(ask, client, mailoutbox):
    sign_up(ask, "squatter", "ada@example.org")
    sign_up(ask, "ada", "ada@example.org")
    mailoutbox.clear()
    ada = EmailAddress.objects.get(user__username="ada")
    ada.set_verified()
    client.post("/accounts/password/reset/", {"email": "ada@example.org"})
    assert "ada" in mailoutbox[0].body
    assert "squatter" not in mailoutbox[0].body


@pytest.mark.parametrize("login", ["owner", "owner@example.org", "OWNER@example.org"])
def test_a_wrong_password_costs_one_hash_whoever_is_named(ask, owner, login):
    known = ask("/accounts/login/", login=login, password="wrong-password")
    unknown = ask("/accounts/login/", login=login.lower().replace("owner", "nobody"), password="wrong-password")
    assert_alike(known, unknown)
    assert known[1]["hashes"] == 1


def test_nor_does_it_tell_that_several_gave_an_address(ask):
    for name in ("ada", "bob", "cleo"):
        sign_up(ask, name, "shared@example.org")
    known = ask("/accounts/login/", login="shared@example.org", password="wrong-password")
    unknown = ask("/accounts/login/", login="nobody@example.org", password="wrong-password")
    assert_alike(known, unknown)


def test_asking_for_a_new_password_costs_one_letter_whoever_has_the_address(ask, owner):
    known = ask("/accounts/password/reset/", email="owner@example.org")
    unknown = ask("/accounts/password/reset/", email="nobody@example.org")
    for name in ("ada", "bob", "cleo"):
        sign_up(ask, name, "shared@example.org")
    shared = ask("/accounts/password/reset/", email="shared@example.org")
    for each in (known, shared):
        assert_alike(each, unknown, lookups=1)
        assert each[1]["letters"] == 1
