"""What a film's bar says it counts: the lines that divide its reviews add up to them."""

import random
import re

import pytest
from django.utils import timezone

from sentiment.labelling.labels import relabel
from sentiment.models import Reading
from sentiment.verdicts.aggregates import refresh
from tests.makers import make_member, make_movie, make_review, read

pytestmark = pytest.mark.django_db
PEOPLE = re.compile(r"(\d+) verdicts? by people, [^:<]+: (\d+) by staff or with the corpus, (\d+) by authors")
CRITIC = re.compile(r"(\d+) by the critic, (\d+) of them read by an earlier version")
PART = re.compile(r"<li>(\d+) (?:verdicts? by people|by the critic|not read yet|not judged|could not be read)")


@pytest.mark.parametrize("seed", range(4))
def test_what_is_counted_adds_up_to_the_reviews(client, seed):
    chance, movie = random.Random(seed), make_movie()
    for number in range(12):
        review = make_review(movie, make_member(f"m{number}"), stars=chance.choice([None, 8]))
        if chance.random() < 0.6:
            read(review, chance.choice([0.9, 0.5, 0.1]))
        elif chance.random() < 0.3:
            read(review, None, unread="language")
        elif chance.random() < 0.5:
            Reading.objects.filter(review=review).update(quarantined_at=timezone.now())
        if chance.random() < 0.4:
            source = chance.choice(["seed", "admin", "author"])
            relabel([review.pk], chance.choice(["positive", "unsure", "cleared"]), source=source)
    refresh([movie.pk])
    page = " ".join(client.get("/film/rear-window/").content.decode().split())
    listed = page.split('<ul id="film-sources">')[1].split("</ul>")[0]
    people, staff, authors = map(int, PEOPLE.search(listed).groups())
    assert people == staff + authors
    assert authors == Reading.objects.filter(label__source="author").count()
    critic, stale = map(int, CRITIC.search(listed).groups())
    assert critic == stale == Reading.objects.filter(label=None).exclude(verdict="").count(), "no version serves"
    parts = [int(count) for count in PART.findall(listed)]
    assert len(parts) == listed.count("<li>"), "what is no part of them is set apart"
    assert sum(parts) == 12
