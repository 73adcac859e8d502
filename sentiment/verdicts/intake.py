"""Taking in new, changed and returned reviews: each gets a Reading that asks to be read; its film is recomputed."""

from collections.abc import Iterable

from django.db import connection, transaction

from sentiment.models import Reading
from sentiment.verdicts.aggregates import refresh
from sentiment.verdicts.effective import settle
from sentiment.verdicts.locks import films_of, hold


@transaction.atomic
def receive(review_ids: Iterable[int], *, live: bool = True, also_films: Iterable[int] = ()) -> None:
    """Make these reviews wait for a reading of their present text, and recompute their films.

    A review that was read in its present text keeps its reading. `also_films` are films that reviews have left.
    """
    ids = hold(sorted(set(review_ids)))
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO sentiment_reading AS reading (review_id, live)
            SELECT id, %s FROM reviews_review WHERE id = ANY(%s) ORDER BY id
            ON CONFLICT (review_id) DO UPDATE
            SET received_at = EXCLUDED.received_at, live = EXCLUDED.live, version_id = NULL, digest = '',
                leased_until = NULL, attempts = 0, error = '', quarantined_at = NULL
            WHERE reading.digest <> (SELECT digest FROM reviews_review WHERE id = reading.review_id)
            """,
            [live, ids],
        )
    settle(ids)
    refresh({*films_of(ids), *also_films})


@transaction.atomic
def read_again(review_ids: Iterable[int]) -> int:
    """Ask for another reading of these texts, also of those that were put aside; returns how many."""
    ids = hold(sorted(set(review_ids)))
    asked = Reading.objects.filter(pk__in=ids).update(
        live=True, version=None, digest="", leased_until=None, attempts=0, error="", quarantined_at=None
    )
    settle(ids)
    refresh(films_of(ids))
    return asked
