"""The admin's pages of versions, promotions and trainings: how good each is, which serves, and what trained them."""

from contextlib import suppress
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.views.decorators.http import require_POST

from sentiment.desk.base import ReadOnly, who
from sentiment.models import ModelVersion, Promotion, TrainingRun
from sentiment.versions import runs
from sentiment.versions.health import health
from sentiment.versions.promotion import ask, earlier, roll_back

VERIFIED_FIRST = "serves as soon as a worker has verified its files. Promotions say what came of it."


class ModelVersionAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ["__str__", "name", "created_at", "labels", "accuracy", "serves"]
    readonly_fields = ["name", "created_at", "method", "base", "layers", "labels", "fingerprint", "metrics"]
    actions = ["promote"]
    change_list_template = "admin/sentiment/modelversion/change_list.html"

    class Media:
        css = {"all": ["css/admin.css"]}

    def has_promote_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("sentiment.promote_critic")

    def get_queryset(self, request: HttpRequest) -> QuerySet[ModelVersion]:
        newest = Promotion.objects.accepted().order_by("-pk").values("version")[:1]
        return super().get_queryset(request).annotate(serving=Q(pk=Subquery(newest)))

    @admin.display(description="held-out accuracy")
    def accuracy(self, version: ModelVersion) -> str:
        found = version.metrics.get("heldout")
        if not found:
            return "–"
        return f"{found['accuracy']:.1%} ({found['accuracy_low']:.0%}–{found['accuracy_high']:.0%}, n {found['n']})"

    @admin.display(description="serves", boolean=True)
    def serves(self, version: Any) -> bool:
        return bool(version.serving)

    @admin.action(description="Promote: let this version serve", permissions=["promote"])
    def promote(self, request: HttpRequest, queryset: QuerySet[ModelVersion]) -> None:
        if queryset.count() != 1:
            self.message_user(request, "Choose one version to promote.", messages.ERROR)
            return
        version = queryset.get()
        if ask(version, reason="promoted in the admin", by=who(request)):
            self.message_user(request, f"{version} {VERIFIED_FIRST}", messages.SUCCESS)
        else:
            self.message_user(request, f"{version} serves already, or is being verified.", messages.WARNING)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        newest = Promotion.objects.select_related("version").first()
        told = {"health": health(), "newest": newest, "earlier": _earlier()}
        return super().changelist_view(request, told | (extra_context or {}))

    def get_urls(self) -> list[URLPattern]:
        guard = self.admin_site.admin_view
        return [
            path("train/", guard(require_POST(self.train)), name="sentiment_modelversion_train"),
            path("roll-back/", guard(require_POST(self.roll_back)), name="sentiment_modelversion_roll_back"),
            *super().get_urls(),
        ]

    def train(self, request: HttpRequest) -> HttpResponseRedirect:
        if not request.user.has_perm("sentiment.train_critic"):
            raise PermissionDenied
        try:
            runs.request(by=who(request))
            self.message_user(request, "Training is asked for; follow it under training runs.", messages.SUCCESS)
        except runs.AlreadyTraining as error:
            self.message_user(request, str(error), messages.WARNING)
        return redirect("admin:sentiment_modelversion_changelist")

    def roll_back(self, request: HttpRequest) -> HttpResponseRedirect:
        if not self.has_promote_permission(request):
            raise PermissionDenied
        try:
            version = roll_back(by=who(request), how=ask)
            self.message_user(request, f"{version} {VERIFIED_FIRST}", messages.SUCCESS)
        except LookupError as error:
            self.message_user(request, str(error), messages.WARNING)
        return redirect("admin:sentiment_modelversion_changelist")


def _earlier() -> Promotion | None:
    with suppress(LookupError):
        return earlier()
    return None


class PromotionAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ["version", "at", "by", "reason", "state"]
    list_select_related = ["version", "by"]


class TrainingRunAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ["__str__", "method", "requested_by", "requested_at", "share_done", "message", "version"]
    list_select_related = ["requested_by", "version"]

    @admin.display(description="progress")
    def share_done(self, run: TrainingRun) -> str:
        return f"{run.progress:.0%}"
