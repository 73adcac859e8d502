from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone

from tests.makers import PASSWORD, make_member, make_movie, make_review
from textflix.members.models import User

pytestmark = pytest.mark.django_db
SECRET = "JBSWY3DPEHPK3PXP"


def sign_in(client, path="/accounts/login/", name="login", password=PASSWORD, username="staff"):
    return client.post(path, {name: username, "password": password})


def admin_opens(client):
    return client.get("/admin/").status_code == 200


class TestInDevelopment:
    def test_staff_come_in_by_the_sites_own_sign_in(self, client):
        make_member("staff", is_staff=True)
        page = client.get("/admin/", follow=True).redirect_chain[-1][0]
        assert page == "/accounts/login/?next=%2Fadmin%2F"
        assert sign_in(client, page)["Location"] == "/admin/"
        assert admin_opens(client)
        assert client.get("/admin/login/?next=/admin/reviews/")["Location"] == "/admin/reviews/"

    def test_members_stay_outside(self, client):
        make_member("staff")
        sign_in(client)
        assert not admin_opens(client)

    def test_the_admin_has_no_sign_in_of_its_own_that_a_second_factor_is_not_asked_at(self, client):
        TOTP.activate(make_member("staff", is_staff=True), SECRET)
        sign_in(client, "/admin/login/", "username")
        assert not admin_opens(client)

    def test_nor_one_where_staff_guess_each_others_passwords(self, client):
        make_member("staff", is_staff=True)
        User.objects.create_superuser("root", "root@example.org", PASSWORD)
        sign_in(client)
        sign_in(client, "/admin/login/", "username", username="root")
        assert int(client.session["_auth_user_id"]) == User.objects.get(username="staff").pk

    def test_nor_a_form_for_new_passwords(self, client):
        make_member("staff", is_staff=True)
        sign_in(client)
        assert client.get("/admin/password_change/")["Location"] == "/accounts/password/change/"


class TestWithASecondFactor:
    @pytest.fixture(autouse=True)
    def _asked_for(self, settings):
        settings.STAFF_MFA = True

    @pytest.fixture
    def before(self):
        """A session that was opened by the password alone, before its member had a second factor."""
        staff = make_member("staff", is_staff=True)
        before = Client()
        sign_in(before)
        TOTP.activate(staff, SECRET)
        return before

    def code(self):
        return format_hotp_value(hotp_value(SECRET, next(yield_hotp_counters_from_time())))

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
        TOTP.activate(make_member("staff", is_staff=True), SECRET)
        assert sign_in(client)["Location"] == "/accounts/2fa/authenticate/"
        assert not admin_opens(client)
        code = self.code()
        client.post("/accounts/2fa/authenticate/", {"code": code})
        assert admin_opens(client)
        again = Client()
        sign_in(again)
        again.post("/accounts/2fa/authenticate/", {"code": code})
        assert not admin_opens(again)

    def test_a_session_from_before_it_was_set_up_has_to_show_it(self, before):
        answer = before.get("/admin/", follow=True)
        path = answer.redirect_chain[-1][0]
        assert path == "/accounts/2fa/reauthenticate/?next=%2Fadmin%2F"
        assert not admin_opens(before)
        assert before.post(path, {"code": self.code()})["Location"] == "/admin/"
        assert admin_opens(before)

    def test_one_that_was_replaced_opens_nothing_more(self, before):
        before.post("/accounts/2fa/reauthenticate/", {"code": self.code()})
        assert admin_opens(before)
        Authenticator.objects.all().delete()
        TOTP.activate(User.objects.get(), SECRET)
        assert not admin_opens(before)

    def test_the_password_alone_removes_no_second_factor_shows_no_recovery_codes_and_sets_no_password(self, before):
        codes = RecoveryCodes.activate(User.objects.get()).get_unused_codes()
        before.post("/accounts/reauthenticate/", {"password": PASSWORD})
        before.post("/accounts/2fa/totp/deactivate/")
        before.post("/accounts/2fa/recovery-codes/generate/")
        new = {"password1": "another-fine-battery-9", "password2": "another-fine-battery-9"}
        before.post("/accounts/password/change/", {"oldpassword": PASSWORD, **new})
        assert Authenticator.objects.filter(type=Authenticator.Type.TOTP).exists()
        assert User.objects.get().check_password(PASSWORD)
        for path in ("", "generate/", "download/"):
            text = before.get(f"/accounts/2fa/recovery-codes/{path}", follow=True).content.decode()
            assert not [code for code in codes if code in text]
        assert not admin_opens(before)

    def test_with_it_a_new_password_is_set(self, before):
        before.post("/accounts/2fa/reauthenticate/", {"code": self.code()})
        new = {"password1": "another-fine-battery-9", "password2": "another-fine-battery-9"}
        before.post("/accounts/password/change/", {"oldpassword": PASSWORD, **new})
        assert User.objects.get().check_password("another-fine-battery-9")

    def test_without_it_staff_see_what_everybody_sees(self, before):
        hidden = make_review(make_movie(), make_member("author"), hidden=True)
        assert before.get(f"/review/{hidden.pk}/").status_code == 404
        before.post("/accounts/2fa/reauthenticate/", {"code": self.code()})
        assert before.get(f"/review/{hidden.pk}/").status_code == 200

    def test_a_wrong_code_is_logged(self, before, log):
        before.post("/accounts/2fa/reauthenticate/", {"code": "000000"})
        assert f"member {User.objects.get().pk}: gave a wrong code from 127.0.0.1" in log.getvalue()
        assert "000000" not in log.getvalue()


class TestIdleSessions:
    def after(self, time_machine, client, **idle):
        time_machine.move_to(timezone.now() + timedelta(**idle))
        client.get("/films/")
        return "_auth_user_id" in client.session

    def test_staff_stay_while_they_do_something_and_sign_in_again_after_eight_hours_without(self, client, time_machine):
        make_member("staff", is_staff=True)
        sign_in(client)
        assert self.after(time_machine, client, hours=7, minutes=59)
        assert self.after(time_machine, client, hours=7, minutes=59)
        assert admin_opens(client)
        assert not self.after(time_machine, client, hours=8, minutes=1)
        assert not admin_opens(client)

    def test_a_page_that_asks_by_itself_keeps_nobody_signed_in(self, client, time_machine):
        make_member("staff", is_staff=True)
        sign_in(client)
        for _ in range(9):
            time_machine.move_to(timezone.now() + timedelta(hours=1))
            client.get("/films/", headers={"HX-Request": "true"})
        assert "_auth_user_id" not in client.session

    def test_what_was_sent_after_that_is_not_done(self, client, time_machine):
        make_member("staff", is_staff=True, is_superuser=True)
        other = make_member("other")
        sign_in(client)
        time_machine.move_to(timezone.now() + timedelta(hours=9))
        client.post(f"/admin/members/user/{other.pk}/delete/", {"post": "yes"})
        assert User.objects.filter(pk=other.pk).exists()

    def test_members_stay_signed_in(self, client, time_machine):
        make_member("member")
        sign_in(client, username="member")
        assert self.after(time_machine, client, days=6)


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
