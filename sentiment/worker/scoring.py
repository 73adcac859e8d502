"""Reading reviews in batches: claim in a short transaction, predict outside any, store in one.

The rows of Reading are the queue. Batches are our own claim, not Celery's: celery-batches cannot retry, and a
message says nothing that the rows do not.
"""

import json
import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate

from django.db import Error, connection, transaction
from django.db.models import Value
from django.db.models.functions import Coalesce, Now, NullIf

from sentiment.core.critic.scorer import Prediction, Scorer
from sentiment.core.critic.second_reading import TRIED, pays, read_again
from sentiment.models import AspectMention, ModelVersion, Promotion, Reading
from sentiment.verdicts.aggregates import refresh
from sentiment.verdicts.effective import settle
from sentiment.verdicts.locks import films_of, hold
from sentiment.worker import score_requests
from sentiment.worker.giving_back import give_back, give_back_owed, is_of_the_data
from sentiment.worker.heartbeat import heartbeat
from sentiment.worker.scorers import CANARY, Broken, Chosen, choose, reason_of, scorer_for, sentences_of
from textflix.leased import LeasedQuerySet

logger = logging.getLogger(__name__)

# What a version's critic makes of a text is told by rules of this release, too: where they change, both grow, and what
# was read by those before is read again, after all else. A review is read AT_FIRST, and then, where nothing else waits
# and a second reading may change its marks (core/critic/second_reading.py), for good.
AT_FIRST = 2
READER = 3
# A part of a batch aims at this long, so that a new post never waits longer for a worker that is busy with the backlog.
PART_SECONDS = 0.4
FIRST_PART, LARGEST_PART = 8, 256
# Each batch that is stored makes the kept pages of all lists anew, which strikes one request of each reader: of the
# backlog, so many parts are stored together that fewer than one request in twenty is struck, also on a slow machine.
PARTS = 12
# A second reading reads each text once more, and then without each of a few sentences.
READINGS = 1 + TRIED
# So many bytes of the slowest texts take two or three seconds, of a lease of twenty. What is a token by each character,
# and so the slowest, takes three bytes for it.
BATCH_BYTES = 400_000


@dataclass(frozen=True)
class Claimed:
    """A review that this worker holds, and until when: who wakes after that finds others at it."""

    review_id: int
    text: str
    digest: str
    until: datetime | None


def claim(
    version: ModelVersion, limit: int, *, live_only: bool = False, unread_only: bool = False, closely: bool = False
) -> Sequence[Claimed]:
    """Lease up to `limit` reviews that this version has not read by this release's rules, awaited ones first.

    `unread_only` leaves those alone that have been read at all; `closely` takes those alone that wait for a second
    reading.
    """
    queues = _queues(version, live_only=live_only, unread_only=unread_only)
    with transaction.atomic():
        for queue in [_read_once(version)] if closely else queues:
            if ids := queue.claim(limit):
                claimed = Reading.objects.filter(pk__in=ids).order_by("pk")
                rows = claimed.values_list("review_id", "review__text", "review__digest", "leased_until")
                return _as_many_as_fit([Claimed(*row) for row in rows])
    return []


def _as_many_as_fit(claimed: Sequence[Claimed]) -> Sequence[Claimed]:
    """Keep what is surely read before the lease ends, the first at least; the rest was never claimed."""
    fit = max(1, sum(total <= BATCH_BYTES for total in accumulate(len(item.text.encode()) for item in claimed)))
    if rest := [item.review_id for item in claimed[fit:]]:
        Reading.objects.filter(pk__in=rest).give_back()
    return claimed[:fit]


def _queues(version: ModelVersion, *, live_only: bool, unread_only: bool) -> Iterator[LeasedQuerySet[Reading]]:
    """Yield the queues of readings: unread and awaited, unread in bulk, then read by another version, newest first.

    Last comes what was read by the rules of an earlier release. Every one of them is a walk along an index, also with
    hundreds of thousands of rows behind it.
    """
    readable = Reading.objects.filter(quarantined_at__isnull=True)
    unread = readable.filter(version__isnull=True).order_by("review_id")
    yield unread.filter(live=True)
    if live_only:
        return
    yield unread.filter(live=False)
    if unread_only:
        return
    for other in ModelVersion.objects.exclude(pk=version.pk).values_list("pk", flat=True):
        yield readable.filter(version_id=other).order_by("-review_id")
    yield readable.filter(reader__lt=AT_FIRST, version__isnull=False).order_by("reader", "-review_id")


def _read_once(version: ModelVersion) -> LeasedQuerySet[Reading]:
    readable = Reading.objects.filter(quarantined_at__isnull=True)
    return readable.filter(reader=AT_FIRST, version=version).order_by("-review_id")


def store(
    chosen: Chosen, claimed: Sequence[Claimed], predictions: Sequence[Prediction], *, closely: bool = False
) -> int:
    """Write the scores of those texts that are still the present ones and still held; returns how many.

    An edit or a deletion in the meantime wins: its reading was reset, and what was read of the old text is dropped. So
    does a promotion, and whoever took up what this worker held while it was asleep.
    """
    given = {item.review_id: (item, prediction) for item, prediction in zip(claimed, predictions, strict=True)}
    with transaction.atomic():
        present = hold(sorted(given))
        if Promotion.objects.serving() != chosen.serving:
            _held(claimed).give_back()
            return 0
        rows = [given[pk] for pk in present]
        with connection.cursor() as cursor:
            cursor.execute(
                _STORE,
                {
                    "version": chosen.version.pk,
                    "reader": READER if closely else AT_FIRST,
                    "reviews": present,
                    "until": claimed[0].until,
                    "digests": [item.digest for item, _ in rows],
                    "positive": [prediction.positive for _, prediction in rows],
                    "by": [prediction.by for _, prediction in rows],
                    "unread": [prediction.unread or "" for _, prediction in rows],
                    "bias": [prediction.bias for _, prediction in rows],
                    "sentences": [json.dumps(sentences_of(prediction)) for _, prediction in rows],
                    "embeddings": [prediction.embedding.astype("<f2").tobytes() for _, prediction in rows],
                },
            )
            scores = dict(cursor.fetchall())
        _store_mentions({scores[pk]: given[pk][1] for pk in scores})
        stored = sorted(scores)
        Reading.objects.filter(pk__in=[pk for pk in stored if not pays(given[pk][1])]).update(reader=READER)
        settle(stored)
        refresh(films_of(stored))
    return len(stored)


_STORE = """
    WITH given AS (
        SELECT review.id AS review_id, review.digest, given.positive, given.by, given.unread, given.bias,
               given.sentences, given.embedding
        FROM unnest(%(reviews)s::bigint[], %(digests)s::text[], %(positive)s::float8[], %(by)s::text[],
                    %(unread)s::text[], %(bias)s::float8[], %(sentences)s::jsonb[], %(embeddings)s::bytea[])
             AS given (review_id, digest, positive, by, unread, bias, sentences, embedding)
        JOIN reviews_review AS review ON review.id = given.review_id AND review.digest = given.digest
        JOIN sentiment_reading AS held ON held.review_id = given.review_id AND held.leased_until = %(until)s
    ), scored AS (
        INSERT INTO sentiment_score
            (review_id, version_id, digest, positive, by, unread, bias, sentences, embedding, scored_at)
        SELECT review_id, %(version)s, digest, positive, by, unread, bias, sentences, embedding, now()
        FROM given ORDER BY review_id
        ON CONFLICT (review_id, version_id, digest) DO UPDATE
        SET positive = EXCLUDED.positive, by = EXCLUDED.by, unread = EXCLUDED.unread, bias = EXCLUDED.bias,
            sentences = EXCLUDED.sentences, embedding = EXCLUDED.embedding, scored_at = EXCLUDED.scored_at
        RETURNING id, review_id, digest
    )
    UPDATE sentiment_reading AS reading
    SET version_id = %(version)s, reader = %(reader)s, digest = scored.digest, live = false,
        leased_until = NULL, attempts = 0, error = '', quarantined_at = NULL
    FROM scored
    WHERE reading.review_id = scored.review_id
    RETURNING reading.review_id, scored.id
"""


def _store_mentions(predictions: Mapping[int, Prediction]) -> None:
    """Write which sentences judge what, by score; what an earlier reading of the same score found gives way."""
    AspectMention.rows.filter(score__in=predictions).delete()
    AspectMention.rows.bulk_create(
        AspectMention(
            score_id=score,
            aspect=mention.aspect,
            start=prediction.sentences[mention.sentence].start,
            end=prediction.sentences[mention.sentence].end,
            positive=mention.positive,
        )
        for score, prediction in predictions.items()
        for mention in prediction.mentions
    )


def score_batch(chosen: Chosen, size: int, *, live_only: bool = False, parts: int = 1, closely: bool = False) -> int:
    """Claim, predict and store a batch of so many parts of this size; returns how many were read (0: nothing to do).

    It ends after any part where somebody waits, so that it is never longer for them: the rest was never claimed.
    """
    scorer = scorer_for(chosen.version)
    unread_only = not chosen.is_serving
    claimed = claim(chosen.version, parts * size, live_only=live_only, unread_only=unread_only, closely=closely)
    predictions: list[Prediction] = []
    for start in range(0, len(claimed), size):
        if predictions and _somebody_waits(chosen.version):
            _held(claimed[start:]).give_back()
            claimed = claimed[:start]
            break
        try:
            predictions += _read(scorer, claimed[start : start + size], closely=closely)
        except Exception as error:
            _blame(claimed, error, scorer)
            return len(claimed)
    if not claimed:
        return 0
    try:
        store(chosen, claimed, predictions, closely=closely)
    except Error as error:
        if is_of_the_data(error):
            _blame(claimed, error, scorer)
        else:
            give_back(Reading, [item.review_id for item in claimed], claimed[0].until)
            raise
    return len(claimed)


def _read(scorer: Scorer, claimed: Sequence[Claimed], *, closely: bool) -> list[Prediction]:
    texts = [item.text for item in claimed]
    predictions = scorer.predict(texts)
    return read_again(scorer, texts, predictions) if closely else predictions


def _somebody_waits(version: ModelVersion) -> bool:
    awaited = next(_queues(version, live_only=True, unread_only=True))
    return awaited.free().exists() or score_requests.waiting().free().exists()


def _held(claimed: Sequence[Claimed]) -> LeasedQuerySet[Reading]:
    return Reading.objects.held([item.review_id for item in claimed], claimed[0].until)


def _blame(claimed: Sequence[Claimed], error: Exception, scorer: Scorer) -> None:
    """Give a failed batch back; each of its texts is then tried alone, and put aside at its third failure."""
    readings = _held(claimed)
    try:
        scorer.predict([CANARY])
    except Exception as broken:
        readings.give_back()
        raise Broken(f"the critic cannot read at all: {broken}") from error
    logger.warning("%d texts could not be read together: %s", len(claimed), error)
    readings.update(leased_until=None, error=reason_of(error))
    quarantine_exhausted()


def quarantine_exhausted() -> int:
    """Put aside what has failed three times, or killed its worker three times; what a first reading said stays."""
    if serving := Promotion.objects.serving():
        _read_once(serving).exhausted().update(reader=READER, leased_until=None, attempts=0, error="")
    exhausted = Reading.objects.filter(quarantined_at__isnull=True).exhausted()
    with transaction.atomic():
        ids = hold(list(exhausted.values_list("pk", flat=True)))
        count = exhausted.filter(pk__in=ids).update(
            quarantined_at=Now(),
            leased_until=None,
            error=Coalesce(NullIf("error", Value("")), Value("Its worker died while reading it.")),
        )
        if count:
            refresh(films_of(ids))
    return count


def drain(
    seconds: float, *, live_only: bool = False, closely: bool = False, clock: Callable[[], float] = time.monotonic
) -> int:
    """Read batch after batch until nothing is left or the time is up; returns how many were read.

    What has been read once waits for a second reading only where that is asked for (`closely`).
    """
    end, size, total = clock() + seconds, FIRST_PART, 0
    with heartbeat() as worker:
        give_back_owed()
        while chosen := choose():
            worker.version, worker.error = chosen.version, chosen.error
            score_requests.read_waiting(chosen.version)
            start = clock()
            count = score_batch(chosen, size, live_only=True)
            if not count and not live_only:
                count = score_batch(chosen, size, parts=PARTS)
            if not count and closely and chosen.is_serving:
                count = score_batch(chosen, max(1, size // READINGS), parts=PARTS, closely=True)
            total += count
            took = clock() - start
            if not count or clock() > end:
                break
            if count >= size:
                size = max(1, min(LARGEST_PART, 2 * size, int(count * PART_SECONDS / took)))
    return total
