"""The queue of disputed verdicts: staff read the text and the reason, and decide by an action."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from sentiment.desk.base import ReadOnly, who
from sentiment.labelling.disputes import decide
from sentiment.models import Dispute


def _decision(value: str, description: str) -> Any:
    @admin.action(description=description, permissions=["decide"])
    def act(model_admin: "DisputeAdmin", request: HttpRequest, queryset: QuerySet[Dispute]) -> None:
        decided, outdated = decide(queryset.values_list("pk", flat=True), value, who(request))
        if decided:
            model_admin.message_user(request, f"{decided} decided.", messages.SUCCESS)
        if outdated:
            said = f"{outdated} closed: the review was edited since. Nothing was labelled there."
            model_admin.message_user(request, said, messages.WARNING)

    act.__name__ = f"decide_{value or 'kept'}"
    return act


class DisputeAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ["review", "excerpt", "verdict", "reason", "by", "at", "outcome_shown", "decided_by"]
    list_filter = ["outcome", "verdict"]
    list_select_related = ["review__movie", "review__author", "by", "decided_by"]
    ordering = ["outcome", "at"]
    actions = [
        _decision("positive", "Correct the verdict: positive"),
        _decision("negative", "Correct the verdict: negative"),
        _decision("unsure", "Correct the verdict: unsure"),
        _decision("", "Keep the verdict"),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Dispute]:
        """Return those of public reviews, and all that were decided: what nobody sees waits for no decision."""
        return super().get_queryset(request).filter(Q(review__public=True) | ~Q(outcome=Dispute.Outcome.OPEN))

    def has_decide_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("sentiment.add_label")

    @admin.display(description="text")
    def excerpt(self, dispute: Dispute) -> str:
        return dispute.review.text[:160]

    @admin.display(description="outcome", ordering="outcome")
    def outcome_shown(self, dispute: Dispute) -> str:
        return dispute.get_outcome_display()
