import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test import RequestFactory
from django.utils import timezone

from tests.makers import make_member
from textflix.members.limits import MINUTE, allow_address, allow_member


def request(address="192.0.2.7"):
    return RequestFactory().post("/", REMOTE_ADDR=address)


@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_as_many_as_the_limit_pass():
    allowed = []
    start = threading.Barrier(16)

    def ask():
        start.wait()
        allowed.append(allow_address(request(), "post", 5))
        connection.close()

    threads = [threading.Thread(target=ask) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(allowed) == [False] * 11 + [True] * 5


@pytest.mark.django_db
def test_each_kind_address_and_member_has_a_count_of_its_own():
    ada, bob = make_member("ada"), make_member("bob")
    assert allow_address(request(), "post", 1)
    assert not allow_address(request(), "post", 1)
    assert allow_address(request(), "try", 1)
    assert allow_address(request("192.0.2.8"), "post", 1)
    assert allow_member(ada, "post", 1)
    assert not allow_member(ada, "post", 1)
    assert allow_member(bob, "post", 1)


@pytest.mark.django_db
def test_the_window_moves_with_time(time_machine):
    start = timezone.now()
    for seconds, allowed in [(0, True), (30, True), (59, False), (61, True), (80, False), (91, True)]:
        time_machine.move_to(start + timedelta(seconds=seconds), tick=False)
        assert allow_address(request(), "post", 2, MINUTE) == allowed


@pytest.mark.django_db(transaction=True)
def test_what_was_rolled_back_has_not_happened():
    member = make_member()
    with transaction.atomic():
        assert allow_member(member, "post", 1)
        transaction.set_rollback(True)
    assert allow_member(member, "post", 1)
