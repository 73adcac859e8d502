"""What happens to letters that cannot be sent, and to those that nobody sends."""

import os
import socket
import time

import pytest
from django.test import Client

from tests.makers import PASSWORD, make_member
from textflix.members.models import User

pytestmark = pytest.mark.django_db


@pytest.fixture(params=["hangs", "is down"])
def mail_server(request, settings):
    """One that takes calls and never says a word, or a port where nobody listens."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_TIMEOUT /= 10
    with socket.create_server(("127.0.0.1", 0)) as server:
        settings.EMAIL_HOST, settings.EMAIL_PORT = server.getsockname()
        if request.param == "is down":
            server.close()
        yield


@pytest.mark.parametrize("verification", ["mandatory", "optional"])
def test_who_signs_up_is_a_member_whatever_the_mail_server_does(client, settings, mail_server, log, verification):
    settings.ACCOUNT_EMAIL_VERIFICATION = verification
    client.get("/accounts/signup/")
    fields = {"username": "ada", "email": "ada@example.org", "password1": PASSWORD, "password2": PASSWORD}
    start = time.monotonic()
    assert client.post("/accounts/signup/", fields).status_code == 302
    assert time.monotonic() - start < 4 * settings.EMAIL_TIMEOUT
    assert User.objects.exists()
    assert "ERROR textflix.members.adapter: a letter could not be sent: " in log.getvalue()
    assert "ada@example.org" not in log.getvalue()


def test_who_signs_up_with_anothers_address_first_does_not_keep_their_letter_from_them(mailoutbox):
    for name in ("stranger", "ada"):
        fields = {"username": name, "email": "ada@example.org", "password1": PASSWORD, "password2": PASSWORD}
        Client().post("/accounts/signup/", fields)
    assert [name in mail.body for name, mail in zip(("stranger", "ada"), mailoutbox, strict=True)] == [True, True]


def test_letters_that_nobody_sends_are_kept_as_long_as_their_links_work(client, settings, tmp_path):
    settings.EMAIL_BACKEND = "textflix.members.letters.FolderBackend"
    settings.LETTERS_DIR = tmp_path
    make_member()
    days = 24 * 3600
    for name, age in (("older.eml", 3.1 * days), ("younger.eml", 2.9 * days), ("notes.txt", 9 * days)):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, 2 * (time.time() - age,))
    client.post("/accounts/password/reset/", {"email": "ada@example.org"})
    left = {path.name for path in tmp_path.iterdir()}
    assert left >= {"younger.eml", "notes.txt"}
    assert "older.eml" not in left
    assert len(left) == 3
