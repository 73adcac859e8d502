"""What a sentence says of an aspect stands after it, whatever it did to the verdict: claims lead to the same claims."""

import re

import pytest
from django.db import connection
from django.template import Context, Template
from django.test.utils import CaptureQueriesContext

from sentiment.verdicts.aggregates import refresh
from sentiment.verdicts.effective import settle
from tests.makers import make_member, make_movie, make_review, read
from textflix.reviews.models import Review

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("nothing_is_off")]

PLAN, JOY = "Then the villain's plan turns up and it makes no sense at all.", "I wept for joy."
TEXT = f"{JOY} {PLAN}"
AT = TEXT.index(PLAN)
TAG = re.compile(r' <a class="says ([gb])" dir="ltr" href="([^"]+)"><span class="vh">([^<]+)</span>([^<]+)</a>')


def said(review, aspect, positive, sentence=PLAN):
    """Store what a sentence says of an aspect, as a reading would."""
    start = review.text.index(sentence)
    review.reading.score.mentions.create(aspect=aspect, start=start, end=start + len(sentence), positive=positive)
    settle([review.pk])
    refresh([review.movie_id])


def read_review(movie=None, name="ada", share=0.08, **fields):
    review = make_review(movie, make_member(name), **{"text": TEXT, **fields})
    return read(review, 0.9, [(JOY, 1.0), (PLAN, share)])


def shown(client, address):
    return client.get(address).content.decode()


@pytest.mark.parametrize("share", [0.5, 0.08, 0.0, -0.5])
def test_a_claim_leads_to_a_sentence_that_makes_the_same_claim(client, share):
    review = read_review(share=share)
    said(review, "story", 0.1)
    why = "/film/rear-window/why/story/?side=criticism"
    (place,) = re.findall(rf'href="(/review/{review.pk}/#[^"]+)"', shown(client, why))
    address, fragment = place.split("#")
    html = shown(client, address)
    landed = html[html.index(f'id="{fragment}"') :].split("</p>")[0]
    assert "makes no sense at all" in landed
    assert TAG.findall(landed) == [("b", why, "criticises the ", "story")]


def test_a_share_of_the_verdict_is_not_called_praise(client):
    review = read_review(share=0.5)
    html = shown(client, review.get_absolute_url())
    share = "33% of the verdict, for the film"
    assert f'data-share="{share}"><span class="vh" dir="ltr">{share}, clear: </span>Then the villain' in html
    assert "decisive, for the film" in html.split('class="marks-key')[1]


def test_of_several_sentences_on_an_aspect_the_one_that_counts_leads_to_its_side(client):
    review = read_review()
    said(review, "story", 0.1)
    said(review, "story", 0.7, JOY)
    assert [(side, why) for side, why, _, _ in TAG.findall(shown(client, review.get_absolute_url()))] == [
        ("g", "/film/rear-window/why/story/"),
        ("b", "/film/rear-window/why/story/?side=criticism"),
    ]


def test_a_hidden_review_counts_nowhere(client):
    review = read_review()
    said(review, "story", 0.1)
    review.hidden = True
    review.save()
    client.force_login(review.author)
    assert [why for _, why, _, _ in TAG.findall(shown(client, "/film/rear-window/"))] == [
        "/film/rear-window/why/story/"
    ]


def test_a_sentence_over_two_lines_says_it_once_at_its_end(client):
    broken = PLAN.replace(" and", "\nand") + "  \n\n  "
    review = make_review(author=make_member(), text=f"{JOY} {broken}The end.")
    read(review, 0.9, [(JOY, 1.0), (broken, 0.5)])
    review.refresh_from_db()
    said(review, "story", 0.1, broken)
    said(review, "ending", 0.2, broken)
    html = shown(client, review.get_absolute_url())
    assert [aspect for *_, aspect in TAG.findall(html)] == ["ending", "story"]
    assert 'at all.</a></mark> <a class="says b"' in html


@pytest.mark.parametrize("member", [False, True])
def test_all_reviews_of_a_page_cost_one_query(client, member):
    movie = make_movie()
    for name in ("ada", "bob", "cy", "dee"):
        said(read_review(movie, name), "story", 0.1)
    author = Review.objects.first().author
    if member:
        client.force_login(author)
    for address, tags in ((movie.get_absolute_url(), 4), (author.get_absolute_url(), 1)):
        with CaptureQueriesContext(connection) as queries:
            assert len(TAG.findall(shown(client, address))) == tags
        assert sum("sentiment_aspectmention" in each["sql"] for each in queries) == 1


def test_a_list_of_reviews_costs_the_same_queries_whatever_it_is_called_and_however_long_it_is(rf):
    page = Template('{% for each in shelf %}{% include "reviews/_review.html" with review=each %}{% endfor %}')

    def queries():
        with CaptureQueriesContext(connection) as found:
            html = page.render(Context({"shelf": Review.objects.for_pages(), "request": rf.get("/")}))
        assert len(TAG.findall(html)) == Review.objects.count()
        return len(found)

    for n in range(2):
        said(read_review(make_movie(f"film-{n}"), f"member-{n}"), "story", 0.1)
    few = queries()
    for n in range(2, 8):
        said(read_review(make_movie(f"film-{n}"), f"member-{n}"), "story", 0.1)
    assert queries() == few == 3, "the reviews, what their sentences say, and which version serves"


def test_a_review_that_is_shown_without_having_been_asked_for_whole_fails_instead_of_asking_once_for_each(rf):
    said(read_review(), "story", 0.1)
    review = Review.objects.public().with_verdict().select_related("movie").get()
    with pytest.raises(AttributeError, match="shown_mentions"):
        Template("{% load verdicts %}{% evidence review %}").render(Context({"review": review, "request": rf.get("/")}))
