"""Rows that wait for work, and are their own queue: a worker takes one up by leasing it for a while.

A worker that dies holds nothing for ever: when its lease has run out, another takes the row.
"""

from datetime import timedelta
from typing import Any, ClassVar, Self, TypeVar

from django.db import models, transaction
from django.db.models import F, Q
from django.utils import timezone

Row = TypeVar("Row", bound="Leased")


class LeasedQuerySet(models.QuerySet[Row]):
    """Rows that can be leased, in an order that says which come first."""

    def unleased(self) -> Self:
        """Those that nobody holds now."""
        return self.filter(Q(leased_until__isnull=True) | Q(leased_until__lt=timezone.now()))

    def free(self) -> Self:
        """Those that nobody holds and that have not been tried too often."""
        return self.unleased().filter(attempts__lt=self.model.MAX_ATTEMPTS)

    def exhausted(self) -> Self:
        """Those that were tried too often, and that nobody tries now."""
        return self.unleased().filter(attempts__gte=self.model.MAX_ATTEMPTS)

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
                    leased_until=timezone.now() + self.model.LEASE, attempts=F("attempts") + 1
                )
                return keys
        return []


class Leased(models.Model):
    """A row that workers take up: until when it is held, how often it was tried, and why that failed last."""

    LEASE: ClassVar[timedelta]
    MAX_ATTEMPTS: ClassVar[int] = 3

    leased_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0, db_default=0)
    error = models.TextField(blank=True, default="", db_default="")

    objects = LeasedQuerySet.as_manager()

    class Meta:
        abstract = True

    @property
    def is_leased(self) -> bool:
        """Whether a worker holds it now."""
        return self.leased_until is not None and self.leased_until > timezone.now()
