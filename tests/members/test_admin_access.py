import pytest
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.contrib.auth.models import Permission
from django.test import Client

from tests.makers import PASSWORD, make_member
from textflix.members.models import User

pytestmark = pytest.mark.django_db


def sign_in(client, path="/accounts/login/", name="login", password=PASSWORD, username="staff"):
    return client.post(path, {name: username, "password": password})


def admin_opens(client):
    return client.get("/admin/").status_code == 200


class TestInDevelopment:
    def test_staff_sign_in_at_the_admin(self, client):
        make_member("staff", is_staff=True)
        sign_in(client, "/admin/login/", "username")
        assert admin_opens(client)

    def test_members_stay_outside(self, client):
        make_member("staff")
        sign_in(client)
        assert not admin_opens(client)

    def test_guessing_locks_the_guesser_out_and_not_the_owner_elsewhere(self, client):
        make_member("staff", is_staff=True)
        for _ in range(10):
            sign_in(client, "/admin/login/", "username", "wrong-guess")
        assert sign_in(client, "/admin/login/", "username").status_code == 429
        elsewhere = Client(REMOTE_ADDR="10.9.8.7")
        sign_in(elsewhere, "/admin/login/", "username")
        assert admin_opens(elsewhere)


class TestWithASecondFactor:
    @pytest.fixture(autouse=True)
    def _asked_for(self, settings):
        settings.STAFF_MFA = True

    def code(self, secret):
        return format_hotp_value(hotp_value(secret, next(yield_hotp_counters_from_time())))

    def test_visitors_are_sent_to_the_sites_own_sign_in(self, client):
        answer = client.get("/admin/", follow=True)
        assert answer.redirect_chain[-1][0] == "/accounts/login/?next=%2Fadmin%2F"

    def test_members_are_refused(self, client):
        make_member("staff")
        sign_in(client)
        assert client.get("/admin/", follow=True).status_code == 403

    def test_staff_without_one_are_sent_to_set_one_up(self, client):
        make_member("staff", is_staff=True)
        sign_in(client)
        answer = client.get("/admin/", follow=True)
        assert "/accounts/2fa/totp/activate/" in [path for path, _ in answer.redirect_chain]
        assert "Staff need a second factor" in answer.content.decode()

    def test_staff_come_in_with_a_code_that_works_once(self, client):
        staff = make_member("staff", is_staff=True)
        secret = "JBSWY3DPEHPK3PXP"
        TOTP.activate(staff, secret)
        assert sign_in(client)["Location"] == "/accounts/2fa/authenticate/"
        assert not admin_opens(client)
        code = self.code(secret)
        client.post("/accounts/2fa/authenticate/", {"code": code})
        assert admin_opens(client)
        again = Client()
        sign_in(again)
        again.post("/accounts/2fa/authenticate/", {"code": code})
        assert not admin_opens(again)


class TestRights:
    @pytest.fixture
    def moderator(self, client):
        member = make_member("moderator", is_staff=True)
        member.user_permissions.set(Permission.objects.filter(content_type__app_label="members"))
        client.force_login(member)
        return member

    def test_a_moderator_cannot_make_themselves_a_superuser(self, client, moderator):
        fields = {"username": "moderator", "email": "m@example.org", "is_active": "on"}
        client.post(f"/admin/members/user/{moderator.pk}/change/", {**fields, "is_superuser": "on", "is_staff": "on"})
        moderator.refresh_from_db()
        assert moderator.email == "m@example.org"
        assert not moderator.is_superuser

    def test_a_moderator_cannot_touch_a_superuser(self, client, moderator):
        root = User.objects.create_superuser("root", "root@example.org", PASSWORD)
        new = {"password1": "another-fine-battery-9", "password2": "another-fine-battery-9"}
        assert client.post(f"/admin/members/user/{root.pk}/password/", new).status_code == 403
        assert client.post(f"/admin/members/user/{root.pk}/delete/", {"post": "yes"}).status_code == 403
        root.refresh_from_db()
        assert root.check_password(PASSWORD)
