from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from axes.models import AccessAttempt, AccessLog
from django.contrib.sessions.models import Session
from django.test import Client, RequestFactory
from django.utils import timezone

from tests.makers import PASSWORD, make_member
from textflix.members import sweeping
from textflix.members.limits import allow_address
from textflix.members.models import LimitedEvent, User
from textflix.members.tasks import sweep_members

pytestmark = pytest.mark.django_db
KINDS = (Session, LimitedEvent, AccessAttempt, AccessLog)


@pytest.fixture
def traces():
    """What somebody leaves behind who fails to sign in, does so, and posts."""
    make_member()
    client = Client()
    for password in ("wrong-guess", PASSWORD):
        client.post("/accounts/login/", {"login": "ada", "password": password})
    Client(REMOTE_ADDR="192.0.2.7").post("/accounts/login/", {"login": "ada", "password": "wrong-guess"})
    allow_address(RequestFactory().post("/"), "post", 5)
    assert all(kind.objects.exists() for kind in KINDS)


def test_what_is_of_use_stays_and_what_is_not_goes(traces, time_machine):
    sweep_members()
    assert all(kind.objects.exists() for kind in KINDS)
    time_machine.move_to(timezone.now() + timedelta(days=91))
    sweep_members()
    assert not any(kind.objects.exists() for kind in KINDS)
    assert User.objects.exists()


def test_a_heap_goes_in_batches_within_one_sweep(monkeypatch):
    monkeypatch.setattr(sweeping, "BATCH", 3)
    old = timezone.now() - timedelta(days=2)
    LimitedEvent.objects.bulk_create(LimitedEvent(kind="post", who=str(n), at=old) for n in range(10))
    assert sweeping.sweep() == 10


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


def test_the_schedule_asks_for_it(settings):
    assert "members.sweep" in {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert settings.CELERY_TASK_ROUTES["members.sweep"] == {"queue": "backfill"}
