"""Who guesses a member's password without end keeps nobody out but themselves."""

import re
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.db import connection
from django.test import Client
from django.utils import timezone

from tests.makers import PASSWORD, make_member

pytestmark = pytest.mark.django_db
NEW_PASSWORD = "another-fine-battery-9"


@pytest.fixture
def ada():
    member = make_member("ada", is_staff=True)
    EmailAddress.objects.create(user=member, email=member.email, verified=True, primary=True)
    return member


def sign_in(client, password=PASSWORD, login="ada"):
    client.post("/accounts/login/", {"login": login, "password": password})
    return signed_in(client)


def signed_in(client):
    return "_auth_user_id" in client.session


@pytest.fixture
def guesser(ada, time_machine):
    """Guesses by both names once a minute, from ever new addresses; may be asked to go on."""

    def guess(minutes=12):
        for minute in range(minutes):
            time_machine.move_to(timezone.now() + timedelta(minutes=1))
            for login in ("ada", "ada@example.org"):
                sign_in(Client(REMOTE_ADDR=f"203.0.113.{minute}"), "guess", login)

    return guess


def test_guesses_from_many_addresses_are_limited_by_name(ada):
    for number in range(5):
        sign_in(Client(REMOTE_ADDR=f"203.0.113.{number}"), "guess")
    assert not sign_in(Client(REMOTE_ADDR="203.0.113.99"))


def test_another_spelling_of_the_name_gives_no_more_guesses(ada):
    for number, login in enumerate(["ada", "Ada", "aDa", "adA", " ADA "]):
        sign_in(Client(REMOTE_ADDR=f"203.0.113.{number}"), "guess", login)
    assert not sign_in(Client(REMOTE_ADDR="203.0.113.99"))


def test_counts_are_not_crowded_out_by_guesses_at_others(ada):
    for number in range(5):
        sign_in(Client(REMOTE_ADDR=f"203.0.113.{number}"), "guess")
    with connection.cursor() as cursor:
        rows = "SELECT ':1:later:' || n, '', now() + interval '5 minutes' FROM generate_series(1, 50000) n"
        cursor.execute(f"INSERT INTO cache (cache_key, value, expires) {rows}")
    sign_in(Client(REMOTE_ADDR="203.0.113.98"), "guess", "bob")
    assert not sign_in(Client(REMOTE_ADDR="203.0.113.99"))


@pytest.mark.parametrize("login", ["ada", "ADA", "ada@example.org"])
def test_a_browser_that_was_let_in_before_is_let_in(guesser, login):
    known = known_browser()
    guesser()
    assert not sign_in(Client(), login=login)
    assert sign_in(known, login=login)


def test_a_known_browser_has_a_limit_of_its_own(ada):
    known = known_browser()
    for _ in range(5):
        assert not sign_in(known, "guess")
    assert not sign_in(known)
    assert sign_in(Client())


def known_browser(login="ada"):
    """A browser that its member signed in with, and out again."""
    browser = Client()
    assert sign_in(browser, login=login)
    browser.post("/accounts/logout/")
    return browser


def test_another_members_browser_is_not_known(guesser):
    make_member("bob")
    bob = known_browser("bob")
    guesser()
    assert not sign_in(bob)


def test_a_forged_browser_is_not_known(guesser):
    forged = known_browser()
    *start, last = forged.cookies["device"].value
    forged.cookies["device"] = "".join([*start, "B" if last == "A" else "A"])
    guesser()
    assert not sign_in(forged)


def test_after_half_a_year_a_browser_is_a_stranger(guesser, time_machine):
    known = known_browser()
    time_machine.move_to(timezone.now() + timedelta(days=181))
    guesser()
    assert not sign_in(known)


def test_what_makes_a_browser_known_is_sent_where_sessions_are(ada, settings):
    settings.SESSION_COOKIE_SECURE = True
    client = Client()
    sign_in(client)
    cookie = client.cookies["device"]
    assert (cookie["secure"], cookie["httponly"], cookie["path"], cookie["domain"]) == (True, True, "/", "")


def test_a_new_password_makes_known_browsers_strangers(guesser, ada):
    known = known_browser()
    ada.set_password(NEW_PASSWORD)
    ada.save()
    guesser()
    assert not sign_in(known, NEW_PASSWORD)


def test_the_letter_with_a_new_password_signs_in_at_once(guesser, mailoutbox):
    guesser()
    client = Client()
    assert not sign_in(client)
    reset(client, mailoutbox)
    assert signed_in(client)


def test_staff_come_in_by_that_letter_and_their_second_factor(guesser, ada, mailoutbox, settings):
    settings.STAFF_MFA = True
    secret = "JBSWY3DPEHPK3PXP"
    TOTP.activate(ada, secret)
    guesser()
    client = Client()
    reset(client, mailoutbox)
    assert not signed_in(client)
    code = format_hotp_value(hotp_value(secret, next(yield_hotp_counters_from_time())))
    client.post("/accounts/2fa/authenticate/", {"code": code})
    assert client.get("/admin/").status_code == 200


def test_who_is_signed_in_stays_so_and_can_confirm_that_it_is_them(guesser):
    client = Client()
    sign_in(client)
    del client.cookies["device"]
    guesser()
    assert signed_in(client)
    answer = client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    assert answer.status_code == 302


def reset(client, mailoutbox):
    client.post("/accounts/password/reset/", {"email": "ada@example.org"})
    link = re.search(r"http://\S+?(/accounts/password/reset/key/\S+)", mailoutbox[-1].body)[1]
    path = client.get(link, follow=True).redirect_chain[-1][0]
    client.post(path, {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD})
