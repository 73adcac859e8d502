"""What a site marks and claims can be counted, and what may not be is counted where it is there all the same."""

import json

import pytest
from django.core.management import call_command

from sentiment.models import MovieSentiment
from tests.makers import make_member, make_movie, make_review, read

pytestmark = pytest.mark.django_db

JOY, DRAG = "I wept for joy from the first scene.", "The story drags on for far too long."


@pytest.fixture
def movie():
    movie = make_movie()
    for n in range(6):
        review = make_review(movie, make_member(f"m{n}"), text=f"{n} times over. {JOY} {DRAG}")
        read(review, 0.9, [(f"{n} times over.", 0.0), (JOY, 1.0), (DRAG, -0.5)])
    return movie


def told(capsys):
    capsys.readouterr()
    call_command("why_report")
    return json.loads(capsys.readouterr().out)


def test_marks_words_and_quotes_are_counted(movie, capsys):
    found = told(capsys)
    assert found["marks"]["by_number_of_marks"] == {"2": 6}
    assert found["marks"]["with_both_signs"] == 1
    assert 0.7 < found["marks"]["part_of_text"] < 0.9
    assert found["claims"]["words"] == {"Loved": 1}
    assert found["claims"]["aspects"] == 0
    assert found["quotes"] == {"quoted": 1, "twice": 0}


def test_what_should_not_be_is_counted(movie, capsys):
    for review in movie.reviews.all():
        start = review.text.index(JOY)
        review.reading.score.mentions.create(aspect="story", start=start, end=start + len(JOY), positive=0.1)
    MovieSentiment.objects.filter(movie=movie).update(faulted="story", faulted_by=2, faulted_of=3)
    found = told(capsys)
    assert (found["marks"]["chips_at_marks"], found["marks"]["contradicted"]) == (6, 6)
    claims = found["claims"]
    assert (claims["of_less_than_four"], claims["while_even_is_likely"], claims["loved_with_a_fault_alone"]) == (
        1,
        1,
        1,
    )
