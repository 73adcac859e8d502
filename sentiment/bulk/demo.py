"""Loading the demo corpus: its reviews, by members whom nobody can log in as, at times that look like a site's."""

import random
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import timedelta

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils import timezone

from sentiment.bulk.reviews import Row, Tally, import_rows
from sentiment.demo import records
from textflix.members.models import User
from textflix.reviews.models import Source
from textflix.reviews.ratings import in_half_stars

MEMBERS = 48
SPAN_DAYS = 730
SEED = 11


def is_loaded() -> bool:
    """Return whether the demo corpus is loaded: whether its members are there, who come and go with it.

    The members and not the reviews, because an administrator who deletes demo reviews does not get them back.
    """
    return User.objects.filter(is_demo=True).exists()


@transaction.atomic
def load(progress: Callable[[int], object] = lambda count: None) -> Tally:
    """Load the corpus with the labels of its seed rows alone; what is there already stays as it is."""
    return import_rows(_rows(_members()), source=Source.DEMO, label_source="seed", progress=progress)


def _members() -> list[int]:
    names = [f"demo-writer-{n:02}" for n in range(1, MEMBERS + 1)]
    nobody_logs_in = make_password(None)
    User.objects.bulk_create(
        [User(username=name, is_demo=True, password=nobody_logs_in) for name in names], ignore_conflicts=True
    )
    return list(User.objects.filter(username__in=names, is_demo=True).order_by("username").values_list("pk", flat=True))


def _rows(members: list[int]) -> Iterator[Row]:
    """Every film's reviews by different members, at seeded times over the two years before now."""
    chance, now = random.Random(SEED), timezone.now()  # noqa: S311  repeatable, not secret
    free: defaultdict[str, list[int]] = defaultdict(lambda: chance.sample(members, len(members)))
    for number, record in enumerate(records(), 1):
        yield Row(
            imdb_id=record["imdb_id"],
            external_id=f"demo/{number}",
            text=record["text"],
            stars=in_half_stars(record["stars"]) if record["stars"] else None,
            label=record["label"] if record["split"] == "seed" else None,
            author_id=free[record["imdb_id"]].pop(),
            written_at=now - timedelta(days=chance.uniform(0, SPAN_DAYS)),
        )
