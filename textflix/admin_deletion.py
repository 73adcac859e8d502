from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.db import IntegrityError, connection, transaction
from django.db.models import CASCADE, Model, QuerySet
from django.http import HttpRequest
from django.utils.text import capfirst

NAMED, TRIES = 50, 3


class TakesRowsAlong(admin.ModelAdmin):
    """A page of the admin whose rows take others along when they are deleted, and many of them."""

    def get_deleted_objects(self, objs: Sequence[Model] | QuerySet[Model], request: HttpRequest) -> Any:
        """Count what leaves with these rows.

        Django's own names every row of it, and asks for what is in each name: 2,000 reviews are 2,000 queries.
        """
        chosen, counts, forbidden = list(objs), {self.opts.verbose_name_plural: len(objs)}, set()
        for relation in self.opts.related_objects:
            leaving = relation.related_model._meta
            of_chosen = {f"{relation.field.name}__in": chosen}
            if relation.on_delete is not CASCADE or not (
                count := relation.related_model._base_manager.filter(**of_chosen).count()
            ):
                continue
            counts[leaving.verbose_name_plural] = count
            # Not the page's own answer: what nobody may delete by hand (a dispute) leaves with its member all the same.
            if not request.user.has_perm(f"{leaving.app_label}.delete_{leaving.model_name}"):
                forbidden.add(leaving.verbose_name)
        named = [f"{capfirst(self.opts.verbose_name)}: {each}" for each in chosen[:NAMED]]
        more = [f"and {len(chosen) - NAMED:,} more"] if len(chosen) > NAMED else []
        return [*named, *more], counts, forbidden, []

    def delete_model(self, request: HttpRequest, obj: Model) -> None:
        self.delete_queryset(request, self.model._base_manager.filter(pk=obj.pk))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Delete these rows, again where a row of theirs came in after Django had looked for all that leaves."""
        for more_tries in reversed(range(TRIES)):
            try:
                with transaction.atomic():
                    super().delete_queryset(request, queryset.all())
                    connection.check_constraints()
                return
            except IntegrityError:
                if not more_tries:
                    raise
