"""Rows that wait for work, and are their own queue: a worker takes one up by leasing it for a while.

A worker that dies holds nothing for ever: when its lease has run out, another takes the row. All of it goes by the
database's clock, because workers' own clocks differ.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, ClassVar, Self, TypeVar

from django.db import models, transaction
from django.db.models import DateTimeField, ExpressionWrapper, F, Q, Value
from django.db.models.functions import Now, Random

Row = TypeVar("Row", bound="Leased")


def _unleased() -> Q:
    return Q(leased_until__isnull=True) | Q(leased_until__lte=Now())


class LeasedQuerySet(models.QuerySet[Row]):
    """Rows that can be leased, in an order that says which come first."""

    def unleased(self) -> Self:
        """Those that nobody holds now."""
        return self.filter(_unleased())

    def free(self) -> Self:
        """Those that nobody holds and that have not been tried too often."""
        return self.unleased().filter(attempts__lt=self.model.MAX_ATTEMPTS)

    def exhausted(self) -> Self:
        """Those that were tried too often, and that nobody tries now."""
        return self.unleased().filter(attempts__gte=self.model.MAX_ATTEMPTS)

    def with_exhausted(self) -> Self:
        """These rows with `is_exhausted`: whether they were tried too often, and nobody tries them now."""
        return self.annotate(is_exhausted=Q(attempts__gte=self.model.MAX_ATTEMPTS) & _unleased())

    def held(self, keys: Collection[Any], until: datetime | None) -> Self:
        """Those of these rows that are still held by the lease that was to end then.

        Who wakes after a long sleep finds here that others have taken up, or done, what it once held.
        """
        return self.filter(pk__in=keys, leased_until=until)

    @transaction.atomic
    def claim(self, n: int) -> list[Any]:
        """Lease up to `n` of these rows that are free, the first ones first; returns their keys.

        Attempts count from the claim: what kills its worker counts, too. A row that failed before is claimed alone, so
        that it cannot take others down with it. Rows that another is about to claim are passed over.
        """
        for tried, size in ((Q(attempts=0), n), (Q(attempts__gt=0), 1)):
            free = self.free().filter(tried).select_for_update(skip_locked=True)[:size]
            if keys := list(free.values_list("pk", flat=True)):
                self.model.objects.filter(pk__in=keys).update(
                    leased_until=Now() + self.model.LEASE, attempts=F("attempts") + 1
                )
                return keys
        return []

    def give_back(self, rest: timedelta = timedelta()) -> int:
        """Take back the attempt and the lease of rows that are held, because what went wrong was not their doing.

        They `rest` so long before they are claimed again, so that others get their turn.
        """
        # Up to twice as long, and each for itself: rows that came back at the same time would be claimed together
        # again, and what is wrong with one of them would hold the others up for ever.
        until = ExpressionWrapper(Now() + Value(rest) * (1 + Random()), DateTimeField()) if rest else None
        return self.update(leased_until=until, attempts=F("attempts") - 1)


class Leased(models.Model):
    """A row that workers take up: until when it is held, how often it was tried, and why that failed last."""

    LEASE: ClassVar[timedelta]
    MAX_ATTEMPTS: ClassVar[int] = 3
    is_exhausted: bool

    leased_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0, db_default=0)
    error = models.TextField(blank=True, default="", db_default="")

    objects = LeasedQuerySet.as_manager()

    class Meta:
        abstract = True
