from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client, RequestFactory
from django.utils import timezone

from tests.makers import PASSWORD, make_member
from textflix.celery import app
from textflix.members import sweeping
from textflix.members.limits import allow_address
from textflix.members.models import LimitedEvent, User
from textflix.members.tasks import sweep_members

pytestmark = pytest.mark.django_db


def counts():
    """How many counts of sign-ins the cache holds, run out or not."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM cache WHERE cache_key LIKE '%%allauth%%'")
        return cursor.fetchone()[0]


def kept():
    return [Session.objects.count(), LimitedEvent.objects.count(), counts()]


@pytest.fixture
def traces():
    """What somebody leaves behind who fails to sign in, does so, and posts."""
    make_member()
    client = Client()
    for password in ("wrong-guess", PASSWORD):
        client.post("/accounts/login/", {"login": "ada", "password": password})
    Client(REMOTE_ADDR="192.0.2.7").post("/accounts/login/", {"login": "ada", "password": "wrong-guess"})
    allow_address(RequestFactory().post("/"), "post", 5)
    assert all(kept())


def test_what_is_of_use_stays_and_what_is_not_goes(traces, time_machine):
    before = kept()
    sweep_members()
    assert kept() == before
    time_machine.move_to(timezone.now() + timedelta(days=15))
    sweep_members()
    assert not any(kept())
    assert User.objects.exists()


def test_a_heap_goes_in_batches_within_one_sweep(monkeypatch):
    monkeypatch.setattr(sweeping, "BATCH", 3)
    old = timezone.now() - timedelta(days=2)
    LimitedEvent.objects.bulk_create(LimitedEvent(kind="post", who=str(n), at=old) for n in range(10))
    assert sweeping.sweep() >= 10
    assert not LimitedEvent.objects.exists()


def test_who_never_confirmed_gives_the_name_back_and_nobody_else_does(settings, time_machine):
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    for name in ("forgot", "confirmed"):
        fields = {"username": name, "email": f"{name}@example.org", "password1": PASSWORD, "password2": PASSWORD}
        Client().post("/accounts/signup/", fields)
    EmailAddress.objects.get(user__username="confirmed").set_verified()
    make_member("made-by-staff")
    make_member("invented", is_demo=True)
    time_machine.move_to(timezone.now() + timedelta(days=2))
    sweep_members()
    assert User.objects.count() == 4
    time_machine.move_to(timezone.now() + timedelta(days=2))
    sweep_members()
    assert set(User.objects.values_list("username", flat=True)) == {"confirmed", "made-by-staff", "invented"}


def test_who_came_in_before_addresses_had_to_be_confirmed_stays(settings, time_machine):
    fields = {"username": "ada", "email": "ada@example.org", "password1": PASSWORD, "password2": PASSWORD}
    Client().post("/accounts/signup/", fields)
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    time_machine.move_to(timezone.now() + timedelta(days=4))
    sweep_members()
    assert User.objects.exists()


def test_the_schedule_asks_for_it_where_a_worker_listens(settings):
    assert sweep_members.name in {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert app.amqp.router.route({}, sweep_members.name)["queue"].name == "backfill"
