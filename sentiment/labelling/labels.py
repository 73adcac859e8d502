"""Labelling: append the label, settle the verdict and recompute the film, all in one transaction."""

from collections.abc import Iterable, Mapping

from django.db import connection, transaction

from sentiment.models import Label
from sentiment.verdicts.aggregates import refresh
from sentiment.verdicts.effective import settle
from sentiment.verdicts.locks import films_of, hold
from textflix.members.models import User


@transaction.atomic
def relabel(review_ids: Iterable[int], value: str, *, source: str, by: User | None = None) -> int:
    """Append one label of this value to each review's present text; returns how many were labelled."""
    return label_each(dict.fromkeys(review_ids, value), source=source, by=by)


@transaction.atomic
def label_each(values: Mapping[int, str], *, source: str, by: User | None = None) -> int:
    """Append a label to each review: {review id: value}. A review that is gone is passed over."""
    unknown = set(values.values()) - set(Label.Value.values)
    if unknown:
        raise ValueError(f"{sorted(unknown)[0]!r} is no label; use one of {', '.join(Label.Value.values)}.")
    present = hold(sorted(values))
    with connection.cursor() as cursor:
        # Digest and text come from the row as it stands now, not from what a form showed minutes ago.
        cursor.execute(
            """
            INSERT INTO sentiment_label (review_id, digest, text, value, source, by_id, at)
            SELECT review.id, review.digest, review.text, given.value, %s, %s, clock_timestamp()
            FROM unnest(%s::bigint[], %s::text[]) AS given (review_id, value)
            JOIN reviews_review AS review ON review.id = given.review_id
            ORDER BY review.id
            """,
            [source, by.pk if by else None, present, [values[pk] for pk in present]],
        )
    settle(present)
    refresh(films_of(present))
    return len(present)
