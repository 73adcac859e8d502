"""What holds on every page: headers, errors that help, nothing changed by looking."""

import pytest
from django.apps import apps
from django.contrib.staticfiles.storage import StaticFilesStorage
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import get_resolver

from tests.makers import TEXT, make_member, make_movie, make_review, read
from textflix.reviews.models import Review

pytestmark = pytest.mark.django_db

FOR_EVERYONE = [
    "/",
    "/films/",
    "/film/rear-window/",
    "/review/{review}/",
    "/member/author/",
    "/accounts/login/",
    "/accounts/signup/",
    "/accounts/logout/",
    "/accounts/inactive/",
    "/accounts/password/reset/",
    "/accounts/password/reset/done/",
    "/accounts/confirm-email/",
    "/healthz",
    "/robots.txt",
    "/sitemap.xml",
    "/favicon.ico",
    "/nothing/here/",
]
FOR_MEMBERS = [
    "/film/rear-window/review/",
    "/review/{review}/edit/",
    "/review/{review}/delete/",
    "/accounts/password/change/",
    "/accounts/email/",
    "/accounts/2fa/",
    "/accounts/reauthenticate/",
]


@pytest.fixture
def review():
    return read(make_review(make_movie(), make_member("author")), 0.9, [(TEXT, 1.0)])


def assert_protected(answer):
    directives = dict(part.strip().partition(" ")[::2] for part in answer["Content-Security-Policy"].split(";"))
    assert directives["default-src"] == "'self'"
    assert {directives[name] for name in ("object-src", "base-uri", "frame-ancestors")} == {"'none'"}
    assert "unsafe" not in answer["Content-Security-Policy"]
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == "same-origin"
    assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer["Cross-Origin-Resource-Policy"] == "same-origin"
    assert answer["X-Frame-Options"] == "DENY"
    assert "camera=()" in answer["Permissions-Policy"]


@pytest.mark.parametrize("path", FOR_EVERYONE + FOR_MEMBERS)
def test_every_page_is_protected_and_a_members_page_is_not_stored(client, review, path):
    if path in FOR_MEMBERS:
        client.force_login(review.author)
    answer = client.get(path.format(review=review.pk))
    assert answer.status_code < 500
    assert_protected(answer)
    text = answer.content.decode()
    assert "style=" not in text
    assert "<script>" not in text
    private = {"private", "no-store"}
    kept_back = private <= {part.strip() for part in answer.get("Cache-Control", "").split(",")}
    assert kept_back == ("_auth_user_id" in client.session or "csrfmiddlewaretoken" in text)


def everything_kept():
    apps_of_ours = ("members", "movies", "reviews", "sentiment")
    models = [model for model in apps.get_models() if model._meta.app_label in apps_of_ours]
    return {model.__name__: sorted(map(plain, model.objects.values_list())) for model in models}


def plain(row):
    return str([bytes(value) if isinstance(value, memoryview) else value for value in row])


def test_looking_changes_nothing(client, review):
    client.force_login(review.author)
    before = everything_kept()
    for path in FOR_EVERYONE + FOR_MEMBERS:
        client.get(path.format(review=review.pk))
    assert everything_kept() == before
    assert "_auth_user_id" in client.session


@pytest.mark.parametrize(
    "path",
    [
        "/film/rear-window/review/",
        "/review/{review}/edit/",
        "/review/{review}/delete/",
        "/accounts/logout/",
        "/accounts/signup/",
        "/accounts/login/",
        "/accounts/password/change/",
        "/accounts/password/reset/",
        "/accounts/email/",
        "/accounts/2fa/totp/activate/",
        "/admin/login/",
    ],
)
def test_a_form_without_its_token_changes_nothing_and_says_what_to_do(review, path):
    client = Client(enforce_csrf_checks=True)
    client.force_login(review.author)
    answer = client.post(path.format(review=review.pk), {"text": f"{TEXT} Changed."})
    assert answer.status_code == 403
    assert "Please send the form again" in answer.content.decode()
    assert_protected(answer)
    assert Review.objects.get().text == TEXT
    assert "_auth_user_id" in client.session


class TestErrors:
    def test_not_found_offers_a_search(self, client):
        answer = client.get("/nothing/here/")
        assert answer.status_code == 404
        assert "look through all films" in answer.content.decode()

    @pytest.mark.parametrize(
        "path", ["/review/999999999999999999999999/", "/review/0/", "/film/%00/review/", "/film/no-such/"]
    )
    def test_odd_addresses_are_not_found(self, client, path):
        client.force_login(make_member())
        assert client.get(path).status_code == 404

    def test_forbidden_says_who_you_are(self, client, review):
        client.force_login(make_member("other"))
        answer = client.get(f"/review/{review.pk}/edit/")
        assert answer.status_code == 403
        assert "signed in as other" in answer.content.decode()

    def test_a_bad_request_is_explained(self, client):
        answer = client.get("/", HTTP_HOST="evil.example")
        assert answer.status_code == 400
        assert "could not be understood" in answer.content.decode()
        assert "evil.example" not in answer.content.decode()

    def test_a_body_too_large_is_refused(self, client):
        client.force_login(make_member())
        make_movie()
        answer = client.post("/film/rear-window/review/", {"text": "x" * 1_500_000})
        assert answer.status_code in (400, 413)
        assert not Review.objects.exists()

    def test_a_failure_shows_a_page_that_depends_on_nothing_and_no_trace(self, client, monkeypatch):
        def fail(*args):
            raise RuntimeError("a secret detail")

        client.get("/healthz")
        client.raise_request_exception = False
        monkeypatch.setattr(StaticFilesStorage, "url", fail)
        answer = client.get("/accounts/login/")
        assert answer.status_code == 500
        assert "Something broke on our side" in answer.content.decode()
        assert "a secret detail" not in answer.content.decode()


def test_robots_name_the_sitemap(client):
    text = client.get("/robots.txt").content.decode()
    assert "Sitemap: http://testserver/sitemap.xml" in text
    assert "Disallow: /admin/" in text


def test_the_icon_is_where_browsers_look(client):
    assert client.get("/favicon.ico")["Location"] == "/static/img/favicon.ico"


def test_health_needs_no_database(client):
    with CaptureQueriesContext(connection) as queries:
        assert client.get("/healthz").content == b"ok"
    assert len(queries) == 0


def test_htmx_comes_from_this_site_and_may_evaluate_nothing(client):
    page = client.get("/accounts/login/").content.decode()
    assert '<script src="/static/django_htmx/htmx-2.min.js" defer></script>' in page
    assert '"allowEval": false' in page
    assert '"includeIndicatorStyles": false' in page


def test_every_name_that_pages_link_to_exists():
    names = set(get_resolver().reverse_dict)
    wanted = {"home", "films", "film", "review_new", "review", "review_edit", "review_delete", "member", "healthz"}
    assert wanted | {"film_sentiment", "film_bar", "review_verdict", "review_reading", "readyz"} <= names
