"""A page is made once however many ask for it, and kept only where it is anybody's."""

import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.http import HttpResponse
from django.middleware.csrf import get_token
from django.test import RequestFactory

from textflix.kept import LARGEST, kept


def test_it_is_made_once_however_many_ask_at_the_same_time():
    begun, go_on, made = threading.Barrier(2), threading.Event(), []

    @kept(lambda request: 1)
    def slow(request):
        made.append(request)
        begun.wait(5)
        go_on.wait(5)
        return HttpResponse("slow")

    factory = RequestFactory()
    with ThreadPoolExecutor(8) as readers:
        answers = [readers.submit(slow, factory.get("/slow/")) for _ in range(8)]
        begun.wait(5)
        go_on.set()
        assert {answer.result(5).content for answer in answers} == {b"slow"}
    assert len(made) == 1


def test_where_it_fails_the_others_ask_for_themselves():
    begun, go_on, asked = threading.Event(), threading.Event(), []

    @kept(lambda request: 1)
    def fails_once(request):
        asked.append(request)
        if len(asked) > 1:
            return HttpResponse("made")
        begun.set()
        go_on.wait(5)
        raise ValueError("broken")

    factory = RequestFactory()
    with ThreadPoolExecutor(8) as readers:
        first = readers.submit(fails_once, factory.get("/fails/"))
        begun.wait(5)
        others = [readers.submit(fails_once, factory.get("/fails/")) for _ in range(7)]
        while any(other.running() is False and not other.done() for other in others):
            time.sleep(0.01)
        go_on.set()
        assert {other.result(5).content for other in others} == {b"made"}
        with pytest.raises(ValueError, match="broken"):
            first.result(5)


def test_a_page_with_a_token_is_made_for_each(rf):
    @kept(lambda request: 1)
    def with_token(request):
        return HttpResponse(get_token(request))

    assert with_token(rf.get("/token/")).content != with_token(rf.get("/token/")).content


def test_a_large_page_is_made_each_time(rf):
    made = []

    @kept(lambda request: 1)
    def large(request):
        made.append(request)
        return HttpResponse(random.Random(1).randbytes(LARGEST + 1))

    assert large(rf.get("/large/")).content == large(rf.get("/large/")).content
    assert len(made) == 2
