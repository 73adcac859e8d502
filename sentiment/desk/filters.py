"""The filters beside the admin's list of reviews."""

from typing import Any

from django.contrib import admin
from django.contrib.admin import ModelAdmin
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from sentiment.core.labels import NEGATIVE_BELOW, POSITIVE_ABOVE
from sentiment.models import ModelVersion, Verdict
from textflix.reviews.models import Review


class ChoiceFilter(admin.SimpleListFilter):
    """A list filter whose every choice is a condition on reviews."""

    conditions: dict[str, Q]

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin) -> list[tuple[Any, str]]:
        return [(name, name) for name in self.conditions]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Review]) -> QuerySet[Review]:
        return queryset.filter(self.conditions.get(self.value() or "", Q()))


class VerdictIs(ChoiceFilter):
    title, parameter_name = "verdict", "verdict"
    conditions = {name: Q(reading__verdict=name) for name in Verdict.values} | {"none yet": Q(reading__verdict="")}


class Labelled(ChoiceFilter):
    title, parameter_name = "labelled", "labelled"
    conditions = {"by a person": Q(reading__label__isnull=False), "by nobody": Q(reading__label__isnull=True)}


class Uncertain(ChoiceFilter):
    title, parameter_name = "uncertain", "uncertain"
    conditions = {"uncertain": Q(reading__positive__range=(NEGATIVE_BELOW, POSITIVE_ABOVE))}


class StarsDisagree(ChoiceFilter):
    title, parameter_name = "stars against text", "stars_disagree"
    conditions = {"disagree": Review.at_odds()}


class Quarantined(ChoiceFilter):
    title, parameter_name = "quarantined", "quarantined"
    conditions = {"quarantined": Q(reading__quarantined_at__isnull=False)}


class VersionIs(admin.SimpleListFilter):
    title, parameter_name = "read by version", "version"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin) -> list[tuple[Any, str]]:
        return [(version.pk, str(version)) for version in ModelVersion.objects.all()[:20]]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Review]) -> QuerySet[Review]:
        value = self.value()
        return queryset.filter(reading__version=int(value)) if value and value.isdigit() else queryset
