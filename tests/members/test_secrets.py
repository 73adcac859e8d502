"""What opens an account is in no log, and in no cookie that another site could set."""

import re
import stat

import pytest
from django.test import Client

from tests.makers import PASSWORD, make_member
from textflix.members.models import User

pytestmark = pytest.mark.django_db
KEYS = re.compile(r"/accounts/(?:password/reset/key|confirm-email)/([^\s/]+)")


def test_no_link_password_or_session_is_logged_whatever_goes_wrong(client, log, mailoutbox):
    fields = {"username": "ada", "email": "ada@example.org", "password1": PASSWORD, "password2": PASSWORD}
    client.post("/accounts/signup/", fields)
    visitor = Client()
    visitor.post("/accounts/login/", {"login": PASSWORD, "password": PASSWORD})
    visitor.post("/accounts/password/reset/", {"email": "ada@example.org"})
    visitor.post("/accounts/login/", {"login": "ada", "password": PASSWORD})
    keys = [KEYS.search(mail.body)[1] for mail in mailoutbox if KEYS.search(mail.body)]
    assert len(keys) == 2
    for key in keys:
        for path in (
            "/accounts/password/reset/key/{}/more",
            "/accounts/confirm-email/{}/more",
            "/accounts/confirm-email/{}x/",
        ):
            assert visitor.get(path.format(key)).status_code in (200, 301, 404)
            assert visitor.put(path.format(key)).status_code in (301, 404, 405)
    visitor.post(f"/accounts/password/reset/key/{keys[1]}/", {"password1": PASSWORD})
    text = log.getvalue()
    assert "Not Found: /accounts/confirm-email/…" in text
    for secret in [*keys, PASSWORD, client.session.session_key, visitor.session.session_key]:
        assert secret not in text


@pytest.mark.parametrize(
    "path",
    [
        "/ACCOUNTS/password/reset/key/3-secret-key/",
        "/accounts/password/reset/key//3-secret-key/",
        "/accounts/password/reset/key/3 secret-key/",
        "/accounts/confirm-email/3:secret:key and more",
    ],
)
def test_nor_is_one_whose_address_was_spelled_oddly(client, log, path):
    assert client.get(path).status_code == 404
    assert "Not Found: /" in log.getvalue()
    assert not re.search("secret|key/?$|more", log.getvalue(), re.MULTILINE)


def test_nor_is_one_in_the_trace_of_a_failure(client, log, monkeypatch):
    def fail(*args, **kwargs):
        raise RuntimeError("no user at /accounts/password/reset/key/3-secret-key/")

    client.raise_request_exception = False
    monkeypatch.setattr("allauth.account.forms.UserTokenForm.is_valid", fail)
    assert client.get("/accounts/password/reset/key/3-secret-key/").status_code == 500
    assert "Internal Server Error: /accounts/password/reset/key/…" in log.getvalue()
    assert "RuntimeError" in log.getvalue()
    assert "secret-key" not in log.getvalue()


def test_where_nobody_sends_letters_they_lie_in_a_private_folder(client, log, settings, tmp_path):
    settings.EMAIL_BACKEND = "textflix.members.letters.FolderBackend"
    settings.LETTERS_DIR = tmp_path / "letters"
    make_member()
    client.post("/accounts/password/reset/", {"email": "ada@example.org"})
    (letter,) = settings.LETTERS_DIR.iterdir()
    assert stat.S_IMODE(settings.LETTERS_DIR.stat().st_mode) == 0o700
    assert stat.S_IMODE(letter.stat().st_mode) == 0o600
    key = KEYS.search(letter.read_text())[1]
    assert f"a letter was written to {letter}" in log.getvalue()
    assert key not in log.getvalue()


def test_a_header_that_names_another_root_changes_no_link(client, mailoutbox):
    make_member()
    client.post("/accounts/password/reset/", {"email": "ada@example.org"}, SCRIPT_NAME="/evil")
    assert "http://testserver/accounts/password/reset/key/" in mailoutbox[0].body
    assert "evil" not in client.get("/", SCRIPT_NAME="/evil").content.decode()


def test_messages_are_kept_with_the_session_and_leave_none_behind(client):
    User.objects.create_user("ada", "ada@example.org", PASSWORD)
    client.post("/accounts/login/", {"login": "ada", "password": PASSWORD})
    client.get("/")
    client.post("/accounts/logout/")
    assert "You have signed out." in client.get("/").content.decode()
    assert "messages" not in client.cookies
    assert client.cookies["sessionid"].value == ""
