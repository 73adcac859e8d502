"""How long a page takes must not depend on how deep a server happens to call the site."""

import resource

import pytest
from django.http import HttpRequest, HttpResponse

from textflix.middleware import View, room_for_frames

CALLS, DEPTHS = 500, range(200)


def view(request: HttpRequest) -> HttpResponse:
    """Calls functions that call functions in a loop, as templates do."""
    for _ in range(CALLS):
        nested(20)
    return HttpResponse()


def nested(levels: int) -> None:
    if levels:
        nested(levels - 1)


def at_depth(depth: int, called: View) -> HttpResponse:
    return at_depth(depth - 1, called) if depth else called(HttpRequest())


def most_memory_mapped(called: View) -> int:
    """The page faults of the unluckiest of many depths."""
    most = 0
    for depth in DEPTHS:
        before = page_faults()
        at_depth(depth, called)
        most = max(most, page_faults() - before)
    return most


def page_faults() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt


def test_no_depth_of_calls_makes_a_request_map_memory_again_and_again():
    if most_memory_mapped(view) < CALLS:
        pytest.skip("this Python keeps a chunk of its stack for the next call")
    assert most_memory_mapped(room_for_frames(view)) < CALLS / 5
