"""/readyz: 503 without a database or any version, else 200, with how reading is doing; strangers are told no more."""

from datetime import timedelta

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.test import Client
from django.test.utils import CaptureQueriesContext

from sentiment.models import ModelVersion, Reading, ScoringWorker
from sentiment.versions.health import LATE, SILENT, health
from sentiment.versions.promotion import ask, promote
from sentiment.worker.scoring import drain
from sentiment.worker.verifying import answer_asked
from tests.conftest import PRAISE
from tests.makers import make_member, make_review
from tests.test_house import python
from textflix.movies.models import Movie


def test_ready_with_a_serving_version_only(client: Client, db: None, make_version) -> None:
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()) == (503, {"database": True, "reading": "down"})
    promote(make_version(), reason="the first")
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"database": True, "reading": "down"})
    drain(1)
    assert client.get("/readyz").json() == {"database": True, "reading": "ok"}


def test_not_ready_without_a_database() -> None:
    visit = """
import django
django.setup()
from django.conf import settings
from django.test import Client
settings.ALLOWED_HOSTS = ["testserver"]
answer = Client().get("/readyz")
print(answer.status_code, answer.content.decode())
"""
    done = python("-c", visit, DATABASE_URL="postgres://nobody@127.0.0.1:1/none")
    assert done.stdout.strip() == '503 {"database": false, "reading": "down"}'


def test_a_worker_that_is_silent_is_no_worker(client: Client, version: ModelVersion) -> None:
    drain(1)
    ScoringWorker.objects.update(seen_at=Now() - SILENT - timedelta(seconds=1))
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["reading"]) == (200, "down")


def test_of_two_workers_one_that_cannot_read_degrades_reading(client: Client, version: ModelVersion) -> None:
    drain(1)
    ScoringWorker.objects.create(name="other:1", error="version 1 cannot be loaded, nor any before it: damaged")
    assert client.get("/readyz").json()["reading"] == "degraded"


def test_somebody_who_waits_long_degrades_reading_and_an_import_that_is_read_does_not(
    client: Client, movie: Movie, version: ModelVersion
) -> None:
    drain(1)
    make_review(movie, make_member(), text=PRAISE)
    Reading.objects.update(received_at=Now() - LATE - timedelta(seconds=1))
    assert client.get("/readyz").json()["reading"] == "degraded"
    Reading.objects.update(live=False)
    assert client.get("/readyz").json()["reading"] == "ok"


def test_staff_see_what_strangers_and_members_do_not(client: Client, movie: Movie, version: ModelVersion) -> None:
    drain(1)
    make_review(movie, make_member(), text=PRAISE)
    client.force_login(make_member())
    assert set(client.get("/readyz").json()) == {"database", "reading"}
    client.force_login(make_member(is_staff=True))
    told = client.get("/readyz").json()
    assert (told["version"], list(told["workers"].values()), told["problems"]) == (version.pk, [version.pk], [])
    assert told["oldest_awaited_seconds"] < 60


def test_a_worker_that_loads_a_version_is_not_silent(version: ModelVersion, make_version, monkeypatch) -> None:
    drain(1)
    ScoringWorker.objects.update(seen_at=Now() - SILENT - timedelta(seconds=1))
    found = []
    monkeypatch.setattr("sentiment.worker.verifying.verify", lambda version: found.append(health().reading))
    ask(make_version(), reason="large")
    assert answer_asked() == 1
    assert found == ["ok"]


def test_how_long_somebody_has_been_waiting_is_looked_up_and_not_searched(version: ModelVersion) -> None:
    with CaptureQueriesContext(connection) as asked:
        health()
    (oldest,) = [query["sql"] for query in asked if "MIN(" in query["sql"]]
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {oldest}")
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "reading_awaited_oldest" in plan
    assert "Filter" not in plan


def test_it_costs_three_queries_and_asks_no_broker(
    client: Client, version: ModelVersion, settings, django_assert_num_queries, monkeypatch: pytest.MonkeyPatch
) -> None:
    drain(1)

    def asked(*args: object, **kwargs: object) -> None:
        raise AssertionError("the broker was asked")

    monkeypatch.setattr("kombu.Connection.ensure_connection", asked)
    with django_assert_num_queries(3):
        assert client.get("/readyz").status_code == 200
