import stat

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.test import Client

from textflix.members.administrators import make_administrator
from textflix.members.models import User
from textflix.running import embedded

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("missing", ["ADMIN_USERNAME", "ADMIN_EMAIL"])
def test_setting_up_asks_who_the_first_administrator_is(settings, missing):
    setattr(settings, missing, "")
    with pytest.raises(CommandError, match="Set ADMIN_USERNAME and ADMIN_EMAIL"):
        call_command("setup")
    assert not User.objects.exists()


def test_they_come_in_where_addresses_must_be_confirmed(settings):
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    settings.ADMIN_USERNAME, settings.ADMIN_EMAIL = "keeper", "Keeper@example.org"
    make_administrator()
    password = embedded.home() / "admin-password"
    assert stat.S_IMODE(password.stat().st_mode) == 0o600
    for login in ("keeper", "keeper@example.org"):
        client = Client()
        client.post("/accounts/login/", {"login": login, "password": password.read_text()})
        assert client.get("/admin/").status_code == 200


@pytest.mark.parametrize(("name", "email"), [("a b", "a@example.org"), ("keeper", "nowhere")])
def test_a_name_or_address_that_is_none_is_refused(settings, name, email):
    settings.ADMIN_USERNAME, settings.ADMIN_EMAIL = name, email
    with pytest.raises(ValidationError):
        make_administrator()
