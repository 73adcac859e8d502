"""A row that waits for work is held by one worker at a time, for a while, and not tried for ever."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine
from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from sentiment.models import ScoreRequest

pytestmark = pytest.mark.django_db


def waiting(count):
    start = timezone.now() - timedelta(minutes=1)
    return [ScoreRequest.objects.create(text="Fine.", asked_at=start + timedelta(seconds=n)).pk for n in range(count)]


def in_order():
    return ScoreRequest.objects.order_by("asked_at")


def all_leases_run_out():
    ScoreRequest.objects.update(leased_until=F("leased_until") - ScoreRequest.LEASE)


def test_the_first_ones_are_taken_first_and_by_nobody_else():
    first, second, third = waiting(3)
    assert set(in_order().claim(2)) == {first, second}
    assert in_order().claim(2) == [third]
    assert in_order().claim(2) == []


def test_a_lease_runs_out_and_what_failed_before_is_taken_alone():
    waiting(3)
    assert len(in_order().claim(2)) == 2
    all_leases_run_out()
    claims = [len(in_order().claim(8)) for _ in range(4)]
    assert claims == [1, 1, 1, 0], "one that nobody tried, then each of the others by itself"


def test_what_was_tried_too_often_is_free_no_more():
    (row,) = waiting(1)
    for _ in range(ScoreRequest.MAX_ATTEMPTS):
        assert in_order().claim(1) == [row]
        assert not in_order().exhausted().exists(), "the last attempt may yet succeed"
        all_leases_run_out()
    assert in_order().claim(1) == []
    assert in_order().exhausted().get().pk == row
    assert in_order().with_exhausted().get().is_exhausted


@pytest.mark.parametrize("off", [timedelta(hours=-1), timedelta(hours=1)])
def test_a_worker_whose_clock_is_wrong_neither_takes_a_lease_nor_leaves_one_open(off):
    waiting(1)
    with time_machine.travel(timezone.now() + off):
        assert len(in_order().claim(1)) == 1
        assert in_order().claim(1) == []
    assert in_order().claim(1) == []
    assert in_order().get().leased_until - timezone.now() < ScoreRequest.LEASE


def test_what_is_given_back_was_never_tried_and_rests_if_it_should():
    (row,) = waiting(1)
    for rest, claims in ((timedelta(), [row]), (timedelta(minutes=1), [])):
        keys = in_order().claim(1)
        assert in_order().held(keys, in_order().get().leased_until).give_back(rest) == 1
        assert in_order().get().attempts == 0
        assert in_order().claim(1) == claims
        ScoreRequest.objects.update(leased_until=None, attempts=0)


def test_what_is_given_back_together_comes_back_one_after_the_other():
    waiting(3)
    keys = in_order().claim(3)
    rest = timedelta(minutes=1)
    before = timezone.now()
    assert in_order().held(keys, in_order().first().leased_until).give_back(rest) == 3
    rested = sorted(row.leased_until - before for row in in_order())
    assert len({*rested}) == 3
    assert rest <= rested[0] < rested[-1] < 2 * rest + timedelta(seconds=5)


def test_who_wakes_late_holds_nothing_any_more():
    (row,) = waiting(1)
    keys = in_order().claim(1)
    until = in_order().get().leased_until
    all_leases_run_out()
    assert in_order().claim(1) == keys
    assert not in_order().held([row], until).exists()


@pytest.mark.django_db(transaction=True)
def test_what_another_is_about_to_claim_is_passed_over():
    first, second = waiting(2)

    def claim_elsewhere():
        try:
            return in_order().claim(1)
        finally:
            connection.close()

    with transaction.atomic(), ThreadPoolExecutor(1) as elsewhere:
        assert in_order().claim(1) == [first]
        assert elsewhere.submit(claim_elsewhere).result(timeout=10) == [second]
