import re
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.test import Client
from django.utils import timezone

from tests.makers import PASSWORD, make_member
from textflix.members.models import User

pytestmark = pytest.mark.django_db
NEW_PASSWORD = "another-fine-battery-9"


def sign_up(client, username="ada", password=PASSWORD, email=None, **more):
    fields = {"username": username, "email": email or f"{username}@example.org", "password1": password}
    return client.post("/accounts/signup/", {**fields, "password2": password, **more})


def sign_in(client, login="ada", password=PASSWORD, **more):
    return client.post("/accounts/login/", {"login": login, "password": password, **more})


def signed_in(client):
    return "_auth_user_id" in client.session


class TestSignUp:
    def test_a_new_member_is_signed_in(self, client):
        assert sign_up(client).status_code == 302
        assert signed_in(client)

    def test_a_username_is_taken_in_every_case(self, client):
        make_member("Ada")
        assert "That name is taken." in sign_up(client, "aDA", email="other@example.org").content.decode()
        assert User.objects.count() == 1

    @pytest.mark.parametrize("username", ["", "a b", "<b>", "a/b", "-a", "é", "x" * 31, "a\x00b", "a'b"])
    def test_odd_usernames_are_refused(self, client, username):
        assert sign_up(client, username, email="a@example.org").status_code == 200
        assert not User.objects.exists()

    @pytest.mark.parametrize("password", ["password", "12345678", "qwertyuiop", "short1!", "adaada-ada"])
    def test_weak_passwords_are_refused(self, client, password):
        assert "errorlist" in sign_up(client, "adaada", password=password).content.decode()
        assert not User.objects.exists()

    def test_long_passwords_are_accepted(self, client):
        assert sign_up(client, password="long pass " * 12).status_code == 302
        assert sign_in(Client(), password="long pass " * 12).status_code == 302

    def test_nobody_signs_up_as_staff_or_as_a_demo_member(self, client):
        sign_up(client, is_staff="on", is_superuser="on", is_demo="on", is_active="")
        ada = User.objects.get()
        assert (ada.is_staff, ada.is_superuser, ada.is_demo, ada.is_active) == (False, False, False, True)

    def test_thirty_sign_ups_a_minute_from_one_address_and_no_more(self):
        statuses = [sign_up(Client(), f"reader{number}").status_code for number in range(31)]
        assert statuses == [302] * 30 + [429]

    def test_the_setting_asks_for_a_confirmed_address_first(self, client, settings, mailoutbox):
        settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
        assert sign_up(client)["Location"] == "/accounts/confirm-email/"
        assert not signed_in(client)
        link = re.search(r"http://testserver(/accounts/confirm-email/\S+)", mailoutbox[0].body)[1]
        assert client.get(link).status_code == 200
        client.post(link)
        sign_in(client)
        assert signed_in(client)


class TestSignIn:
    @pytest.mark.parametrize("login", ["ada", "ADA", "ada@example.org", "ADA@example.org"])
    def test_by_username_or_confirmed_email(self, client, login):
        sign_up(Client())
        EmailAddress.objects.get().set_verified()
        sign_in(client, login)
        assert signed_in(client)

    @pytest.mark.parametrize(("login", "enough"), [("ada", True), ("ada@example.org", False)])
    def test_until_it_is_confirmed_by_username_alone_as_the_page_says(self, client, login, enough):
        sign_up(Client())
        assert "your address once it is confirmed" in client.get("/accounts/login/").content.decode()
        sign_in(client, login)
        assert signed_in(client) == enough

    def test_by_the_address_that_staff_gave_an_account(self, client):
        make_member()
        sign_in(client, "ada@example.org")
        assert signed_in(client)

    def test_known_and_unknown_accounts_get_the_same_answer(self, client):
        make_member()
        answers = [sign_in(client, login, "wrong-password").content.decode() for login in ("ada", "nobody")]
        answers = [re.sub(r'name="csrfmiddlewaretoken" value="[^"]*"', "", answer) for answer in answers]
        assert answers[0].replace('value="ada"', "") == answers[1].replace('value="nobody"', "")

    def test_a_demo_member_cannot(self, client):
        make_member("invented", is_demo=True)
        assert sign_in(client, "invented")["Location"] == "/accounts/inactive/"
        assert not signed_in(client)

    def test_guessing_is_limited_but_not_for_good(self, client, time_machine):
        make_member()
        for _ in range(5):
            sign_in(client, password="wrong-guess")
        sign_in(client)
        assert not signed_in(client)
        time_machine.move_to(timezone.now() + timedelta(minutes=6))
        sign_in(client)
        assert signed_in(client)

    def test_the_session_id_changes(self, client):
        make_member()
        client.get("/accounts/login/")
        session = client.session
        session["before"] = True
        session.save()
        client.cookies["sessionid"] = before = session.session_key
        sign_in(client)
        assert client.session.session_key != before

    @pytest.mark.parametrize(
        "target",
        [
            "https://example.org/",
            "//example.org/",
            "///example.org",
            "/\\example.org",
            "https:example.org",
            "javascript:alert(1)",
            "http://testserver@example.org/",
            "http://localhost/",
            "\x00//example.org",
            " //example.org",
        ],
    )
    def test_next_never_leaves_the_site(self, client, target, settings):
        settings.CSRF_TRUSTED_ORIGINS = ["https://example.org"]
        make_member()
        assert sign_in(client, next=target)["Location"] == "/"

    def test_next_leads_back(self, client):
        make_member()
        assert sign_in(client, next="/films/?q=a")["Location"] == "/films/?q=a"


class TestSignOut:
    def test_asks_by_get_and_acts_by_post(self, client):
        client.force_login(make_member())
        assert client.get("/accounts/logout/").status_code == 200
        assert signed_in(client)
        client.post("/accounts/logout/")
        assert not signed_in(client)

    def test_the_old_cookie_is_dead(self, client):
        client.force_login(make_member())
        stolen = client.cookies["sessionid"].value
        client.post("/accounts/logout/")
        thief = Client()
        thief.cookies["sessionid"] = stolen
        assert not signed_in(thief)
        assert "Sign out" not in thief.get("/").content.decode()


class TestPassword:
    def test_a_change_ends_other_sessions_and_tells_the_member(self, client, mailoutbox):
        make_member()
        other = Client()
        for browser in (client, other):
            sign_in(browser)
        fields = {"oldpassword": PASSWORD, "password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
        assert client.post("/accounts/password/change/", fields).status_code == 302
        assert "Sign out" in client.get("/").content.decode()
        assert "Sign out" not in other.get("/").content.decode()
        assert any("Password Changed" in mail.subject for mail in mailoutbox)

    def test_a_change_needs_the_old_one(self, client):
        member = make_member()
        sign_in(client)
        fields = {"oldpassword": "not it at all", "password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
        assert client.post("/accounts/password/change/", fields).status_code == 200
        member.refresh_from_db()
        assert member.check_password(PASSWORD)

    def link(self, client, mailoutbox, **headers):
        client.post("/accounts/password/reset/", {"email": "ada@example.org"}, **headers)
        return re.search(r"(http://\S+)(/accounts/password/reset/key/\S+)", mailoutbox[-1].body)

    def test_a_reset_link_works_once_and_ends_all_sessions(self, client, mailoutbox):
        make_member()
        old = Client()
        sign_in(old)
        link = self.link(client, mailoutbox)[2]
        form = client.get(link, follow=True)
        assert "Change Password" in form.content.decode()
        path = form.redirect_chain[-1][0]
        client.post(path, {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD})
        assert User.objects.get().check_password(NEW_PASSWORD)
        assert "Sign out" not in old.get("/").content.decode()
        assert "invalid" in Client().get(link, follow=True).content.decode()

    def test_known_and_unknown_addresses_get_the_same_answer(self, client):
        make_member()
        answers = [
            client.post("/accounts/password/reset/", {"email": f"{name}@example.org"}) for name in ("ada", "nobody")
        ]
        assert answers[0].status_code == answers[1].status_code == 302
        assert answers[0]["Location"] == answers[1]["Location"]
        assert "ask again" in client.get(answers[0]["Location"]).content.decode()

    def test_an_unknown_host_is_refused_and_never_mailed(self, client, mailoutbox, settings):
        make_member()
        settings.ALLOWED_HOSTS = ["textflix.example"]
        answer = client.post("/accounts/password/reset/", {"email": "ada@example.org"}, HTTP_HOST="evil.example")
        assert answer.status_code == 400
        assert not mailoutbox
        forwarded = self.link(client, mailoutbox, HTTP_HOST="textflix.example", HTTP_X_FORWARDED_HOST="evil.example")
        assert forwarded[1] == "http://textflix.example"
        assert "evil.example" not in mailoutbox[0].body


class TestEmail:
    def link(self, mailoutbox, address):
        mail = next(mail for mail in mailoutbox if mail.to == [address])
        return re.search(r"http://testserver(/accounts/confirm-email/\S+)", mail.body)[1]

    def test_until_the_address_is_confirmed_its_page_says_what_does_not_work(self, client, mailoutbox):
        sign_up(client)
        assert "sign in by your name alone" in client.get("/accounts/email/").content.decode()
        client.post(self.link(mailoutbox, "ada@example.org"))
        assert "sign in by your name alone" not in client.get("/accounts/email/").content.decode()

    def test_a_change_asks_for_the_password_again_and_for_a_confirmation(self, client, mailoutbox, time_machine):
        sign_up(client)
        client.post(self.link(mailoutbox, "ada@example.org"))
        member = User.objects.get()
        time_machine.move_to(timezone.now() + timedelta(hours=1))
        change = {"email": "new@example.org", "action_add": ""}
        answer = client.post("/accounts/email/", change)
        assert answer["Location"].startswith("/accounts/reauthenticate/")
        client.post(answer["Location"], {"password": PASSWORD})
        client.post("/accounts/email/", change)
        member.refresh_from_db()
        assert member.email == "ada@example.org"
        client.post(self.link(mailoutbox, "new@example.org"))
        member.refresh_from_db()
        assert member.email == "new@example.org"
