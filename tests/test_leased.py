"""A row that waits for work is held by one worker at a time, for a while, and not tried for ever."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine
from django.db import connection, transaction
from django.utils import timezone

from sentiment.models import ScoreRequest

pytestmark = pytest.mark.django_db


def waiting(count):
    start = timezone.now() - timedelta(minutes=1)
    return [ScoreRequest.objects.create(text="Fine.", asked_at=start + timedelta(seconds=n)).pk for n in range(count)]


def in_order():
    return ScoreRequest.objects.order_by("asked_at")


def test_the_first_ones_are_taken_first_and_by_nobody_else():
    first, second, third = waiting(3)
    assert set(in_order().claim(2)) == {first, second}
    assert in_order().claim(2) == [third]
    assert in_order().claim(2) == []


def test_a_lease_runs_out_and_what_failed_before_is_taken_alone():
    waiting(3)
    with time_machine.travel(timezone.now(), tick=False) as clock:
        assert len(in_order().claim(2)) == 2
        clock.shift(ScoreRequest.LEASE + timedelta(seconds=1))
        claims = [len(in_order().claim(8)) for _ in range(4)]
    assert claims == [1, 1, 1, 0], "one that nobody tried, then each of the others by itself"


def test_what_was_tried_too_often_is_free_no_more():
    (row,) = waiting(1)
    with time_machine.travel(timezone.now(), tick=False) as clock:
        for _ in range(ScoreRequest.MAX_ATTEMPTS):
            assert in_order().claim(1) == [row]
            assert not in_order().exhausted().exists(), "the last attempt may yet succeed"
            clock.shift(ScoreRequest.LEASE + timedelta(seconds=1))
        assert in_order().claim(1) == []
        assert in_order().exhausted().get().pk == row


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
