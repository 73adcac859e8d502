"""What no browser sends must not break the site: whatever a request looks like, no page fails on it."""

import logging
import re
from collections.abc import Iterator
from typing import NamedTuple
from wsgiref.util import setup_testing_defaults

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from sentiment.models import ScoreRequest
from tests.makers import TEXT, make_member, make_movie, make_review, read
from textflix.handler import Handler
from textflix.movies.models import Person

pytestmark = pytest.mark.django_db

MANY = 1_001
FIELDS = "&".join(f"field{n}=1" for n in range(MANY))
FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=b0undary"
PARTS = "".join(f'--b0undary\r\nContent-Disposition: form-data; name="f{n}"\r\n\r\n\xff\r\n' for n in range(MANY))
OF_HTMX = ("REQUEST", "TARGET", "TRIGGER", "TRIGGER_NAME", "PROMPT", "BOOSTED", "CURRENT_URL")


class Odd(NamedTuple):
    """A request that no browser makes. `status` is what every page answers, where it is always the same."""

    query: str = ""
    headers: dict[str, str] = {}
    body: str | None = None
    content_type: str = FORM
    status: int | None = None


def headers(**values: str) -> Odd:
    return Odd(headers={f"HTTP_{name}": value for name, value in values.items()})


def every_parameter(value: str) -> Odd:
    names = ("q", "after", "genre", "sort", "year", "a", "b", "next", "p", "o", "e", "page", "_facets", "action")
    return Odd("&".join(f"{name}={value}" for name in names))


REQUESTS = {
    "1,001 parameters": Odd(FIELDS, status=400),
    "1,001 fields": Odd(body=FIELDS),
    "1,001 parts": Odd(body=f"{PARTS}--b0undary--\r\n", content_type=MULTIPART),
    "a parameter of 100,000 letters": Odd(f"q={'x' * 100_000}"),
    "percent-encoded rubbish": Odd("q=%ff%fe%80&after=%zz%&p=%C0%80&sort=%ED%A0%80&genre=%"),
    "nulls": every_parameter("%00"),
    "huge numbers": every_parameter("9" * 30),
    "digits of other scripts": every_parameter("%D9%A3%C2%B2"),
    "no values": Odd("q&after&&&=&=x&sort"),
    "a form that is cut off": Odd(body=PARTS[:500], content_type=MULTIPART),
    "parts without a boundary": Odd(body="x", content_type="multipart/form-data"),
    "parts with an odd boundary": Odd(body="x", content_type=f"multipart/form-data; boundary={'é' * 80}"),
    "no content type": Odd(body="text=x", content_type=""),
    "json": Odd(body='{"text": 1}', content_type="application/json"),
    "bad cookies": headers(COOKIE='sessionid="; csrftoken=é; =; ;;; messages=%00; analysis=\\"; \x01=\x02'),
    "long cookies": headers(COOKIE=f"sessionid={'x' * 4000}; analysis={'y' * 4000}; messages=W10:1:x"),
    "a bad range": headers(RANGE="bytes=9-1,a-,-,99999999999999999999-"),
    "bad dates": headers(IF_MODIFIED_SINCE="Mon, 99 Foo 99999 99:99:99", IF_UNMODIFIED_SINCE="\x01"),
    "bad tags": headers(IF_NONE_MATCH='W/",,"\x80', IF_MATCH="*,*"),
    "bad languages": headers(ACCEPT_LANGUAGE="\x01,;;q=q,xx-" + "x" * 5000, ACCEPT="*;q=\x02,/"),
    "bad encodings": headers(ACCEPT_ENCODING="gzip;q=x, \x80, br;q=-1"),
    "a host with a word for a port": headers(HOST="testserver:port")._replace(status=400),
    "a host in a bracket": headers(HOST="[::")._replace(status=400),
    "a host of other letters": headers(HOST="t\xe9stserver")._replace(status=400),
    "rubbish from htmx": headers(**{f"HX_{name}": "%ff%00\x80{" for name in OF_HTMX}),
    "htmx on a damaged address": headers(HX_REQUEST="true", HX_CURRENT_URL="http://[::"),
    "proxies with rubbish": headers(X_FORWARDED_FOR="\x80,,999.1.1.1", X_FORWARDED_PROTO="\x80", FORWARDED="for=;"),
    "a damaged referrer": Odd(body="text=x", headers={"HTTP_REFERER": "http://[::", "HTTP_ORIGIN": "null\x01"}),
}
CHARSETS = ["foo", "base64", "idna", "utf-16", "unicode_escape", "../../etc/passwd", "x" * 5_000]
ADDRESSES = {
    "long": {"slug": "x" * 5_000, "int": "9" * 5_000, "path": "9" * 5_000},
    "numbers": {"slug": "19", "int": "19", "path": "19"},
    "nulls": {"slug": "%00", "int": "0", "path": "%00"},
    "rubbish": {"slug": "%ff%fe", "int": "-1", "path": "_FF_0"},
    "huge": {"slug": "a", "int": "9" * 19, "path": "9" * 19},
    "digits of other scripts": {"slug": "%D9%A3", "int": "%D9%A3", "path": "%D9%A3"},
}


def patterns(resolver: URLResolver, prefix: str = "") -> Iterator[str]:
    """Every address of the site, as it is written in the URLconf."""
    for entry in resolver.url_patterns:
        pattern = prefix + str(entry.pattern)
        if isinstance(entry, URLPattern):
            yield pattern
        else:
            yield from patterns(entry, pattern)


def pages(slug: object, aspect: object, number: object, uuid: object, path: object) -> list[str]:
    """Every address of the site with these values in it."""
    values = {
        "<slug:slug>": slug,
        "<slug:username>": slug,
        "<slug:aspect>": aspect,
        "<slug:name>": slug,
        "<int:pk>": number,
        "<int:number>": number,
        "<id>": path,
        "<uuid:pk>": uuid,
        "<path:object_id>": path,
        "<int:content_type_id>": number,
        "<int:object_id>": number,
        "(?P<key>[-:\\w]+)": slug,
        "(?P<uidb36>[0-9A-Za-z]+)": number,
        "(?P<key>.+)": slug,
        "(?P<url>.*)": slug,
    }
    found = []
    for pattern in patterns(get_resolver()):
        for name, value in values.items():
            pattern = pattern.replace(name, str(value))
        pattern = re.sub(r"\(\?P<app_label>[^)]*\)", "auth", pattern)
        found.append("/" + pattern.replace("^", "").replace("$", ""))
    return found


@pytest.fixture
def people(caplog: pytest.LogCaptureFixture) -> list[Client]:
    """A visitor, and somebody who may see every page."""
    caplog.set_level(logging.CRITICAL)
    visitor, boss = Client(raise_request_exception=False), Client(raise_request_exception=False)
    boss.force_login(make_member("boss", is_staff=True, is_superuser=True))
    return [visitor, boss]


@pytest.fixture
def found() -> list[str]:
    """All pages, of what there is."""
    review = read(make_review(make_movie(), make_member()), 0.9, [(TEXT, 1.0)])
    Person.objects.create(name="Ann")
    asked = ScoreRequest.objects.create(text="Lovely.")
    return ["/sitemap-reviews-0.xml", *pages(review.movie.slug, "acting", review.pk, asked.pk, review.pk)]


def ask(client: Client, path: str, odd: Odd) -> int:
    method = "GET" if odd.body is None else "POST"
    query = {"QUERY_STRING": odd.query} if odd.query else {}
    answer = client.generic(method, path, odd.body or "", odd.content_type, **query, **odd.headers)
    return int(answer.status_code)


def ask_as_a_server_does(path: str, content_type: str, query: str = "") -> int:
    """What the server gets for an answer: the test client makes requests of Django's own kind instead."""
    said: list[str] = []
    environ = {"PATH_INFO": path, "QUERY_STRING": query, "CONTENT_TYPE": content_type, "HTTP_HOST": "localhost"}
    setup_testing_defaults(environ)
    answer = Handler()(environ, lambda status, headers: said.append(status))
    answer.close()
    return int(said[0].split()[0])


@pytest.mark.parametrize("name", REQUESTS)
def test_no_page_fails_on_an_odd_request(people: list[Client], found: list[str], name: str) -> None:
    odd = REQUESTS[name]
    statuses = {(path, n): ask(client, path, odd) for path in found for n, client in enumerate(people)}
    # Without a version readyz answers 503, as it should.
    assert {at: status for at, status in statuses.items() if status >= 500 and at[0] != "/readyz"} == {}
    if odd.status:
        assert set(statuses.values()) <= {odd.status, 200 if name.startswith("a host") else odd.status}


@pytest.mark.parametrize("charset", CHARSETS)
@pytest.mark.parametrize("content_type", [FORM, MULTIPART, "text/plain"])
def test_no_page_reads_an_odd_charset(found: list[str], charset: str, content_type: str) -> None:
    named = f"{content_type}; charset={charset}"
    assert {ask_as_a_server_does(path, named, "q=%ff") for path in found} == {400}


def test_no_page_reads_too_many_parameters_before_it_can_refuse_them(found: list[str]) -> None:
    assert {ask_as_a_server_does(path, "text/plain; charset=utf-8", FIELDS) for path in found} == {400}


@pytest.mark.parametrize("name", ADDRESSES)
def test_no_page_fails_on_an_odd_address(people: list[Client], name: str) -> None:
    value = ADDRESSES[name]
    asked = pages(value["slug"], value["slug"], value["int"], value["slug"], value["path"])
    failed = [path[:80] for path in asked for client in people if client.get(path).status_code >= 500]
    assert [path for path in failed if path != "/readyz"] == []


def test_a_request_that_cannot_be_read_is_explained_to_its_sender(client: Client) -> None:
    answer = client.get(f"/films/?{FIELDS}")
    assert answer.status_code == 400
    assert "could not be understood" in answer.content.decode()
    assert answer["X-Frame-Options"] == "DENY"
