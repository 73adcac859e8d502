"""The desk where people correct the critic. Labels are appended, versions only pointed at: nothing here overwrites."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q, QuerySet, Subquery
from django.http import HttpRequest, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.views.decorators.http import require_POST

from sentiment.admin_base import ReadOnly, who
from sentiment.admin_filters import Labelled, Quarantined, StarsDisagree, Uncertain, VerdictIs, VersionIs
from sentiment.dispute_admin import DisputeAdmin
from sentiment.labelling.labels import relabel
from sentiment.models import Dispute, Label, ModelVersion, Promotion, TrainingRun
from sentiment.verdicts.intake import read_again
from sentiment.verdicts.locks import hold_to_delete
from sentiment.versions import runs
from sentiment.versions.promotion import promote, roll_back
from sentiment.wakeup import wake_on_commit
from textflix.reviews.models import Review


class LabelInline(ReadOnly, admin.TabularInline):
    model = Label
    fields = readonly_fields = ("value", "source", "by", "at")
    verbose_name_plural = "labels, newest first (an earlier text's labels stay, and no longer count)"


class ReviewForm(forms.ModelForm):
    relabel = forms.ChoiceField(
        choices=[("", "leave as it is"), *Label.Value.choices],
        required=False,
        help_text="Appends a label in your name.",
    )

    class Meta:
        model = Review
        fields = ["hidden", "spoiler"]


def _label_action(value: str, description: str) -> Any:
    @admin.action(description=description, permissions=["label"])
    def act(model_admin: "ReviewAdmin", request: HttpRequest, queryset: QuerySet[Review]) -> None:
        count = relabel(queryset.values_list("pk", flat=True), value, source=Label.Source.ADMIN, by=who(request))
        model_admin.message_user(request, f"{count} labelled {value}.", messages.SUCCESS)

    act.__name__ = f"label_{value}"
    return act


@admin.register(Review)
class ReviewAdmin(admin.ModelAdmin):
    form = ReviewForm
    list_display = ["excerpt", "verdict", "score", "label", "movie", "written_by", "stars_given", "version", "state"]
    list_filter = [VerdictIs, Labelled, Uncertain, StarsDisagree, VersionIs, Quarantined, "source", "hidden"]
    list_select_related = ["movie", "author", "reading__version", "reading__label"]
    search_fields = ["movie__title", "author__username", "text"]
    search_help_text = "film, member or words of the text"
    ordering = ["-pk"]
    list_per_page = 50
    show_full_result_count = False
    readonly_fields = (
        "movie", "written_by", "written_at", "source", "stars_given", "text", "state", "score", "verdict", "label",
        "version", "error",
    )  # fmt: skip
    inlines = [LabelInline]
    actions = [
        _label_action("positive", "Label positive"),
        _label_action("negative", "Label negative"),
        _label_action("unsure", "Label unsure"),
        _label_action("cleared", "Clear label"),
        "score_again",
    ]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    class Media:
        css = {"all": ["css/admin.css"]}

    def has_label_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("sentiment.add_label")

    @admin.display(description="text")
    def excerpt(self, review: Review) -> str:
        return review.text[:80] + ("…" if len(review.text) > 80 else "")

    @admin.display(description="author", ordering="author__username")
    def written_by(self, review: Review) -> str:
        return review.author.username if review.author else "imported"

    @admin.display(description="stars", ordering="stars")
    def stars_given(self, review: Review) -> str:
        return "–" if review.rating is None else f"{review.rating:g} ★"

    @admin.display(description="score", ordering="reading__positive")
    def score(self, review: Review) -> str:
        return "–" if review.reading.positive is None else f"{review.reading.positive:.3f}"

    @admin.display(description="verdict", ordering="reading__verdict")
    def verdict(self, review: Review) -> str:
        return review.reading.verdict or "–"

    @admin.display(description="label")
    def label(self, review: Review) -> str:
        return str(review.reading.label or "–")

    @admin.display(description="read by", ordering="reading__version")
    def version(self, review: Review) -> str:
        return str(review.reading.version or "–")

    @admin.display(description="state")
    def state(self, review: Review) -> str:
        return review.reading.state

    @admin.display(description="error")
    def error(self, review: Review) -> str:
        return review.reading.error or "–"

    @admin.action(description="Score again", permissions=["label"])
    def score_again(self, request: HttpRequest, queryset: QuerySet[Review]) -> None:
        count = read_again(queryset.values_list("pk", flat=True))
        wake_on_commit("sentiment.score_pending")
        self.message_user(request, f"{count} will be read again.", messages.SUCCESS)

    def save_model(self, request: HttpRequest, obj: Review, form: forms.ModelForm, change: bool) -> None:
        super().save_model(request, obj, form, change)
        value = form.cleaned_data.get("relabel")
        if value and self.has_label_permission(request):
            relabel([obj.pk], value, source=Label.Source.ADMIN, by=who(request))

    def get_fields(self, request: HttpRequest, obj: Review | None = None) -> tuple[str, ...]:
        relabelling = ("relabel",) if self.has_label_permission(request) else ()
        return *self.readonly_fields, *relabelling, "hidden", "spoiler"

    @transaction.atomic
    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Review]) -> None:
        hold_to_delete(queryset.values_list("pk", flat=True))
        super().delete_queryset(request, queryset)


@admin.register(ModelVersion)
class ModelVersionAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ["__str__", "name", "created_at", "labels", "accuracy", "serves"]
    readonly_fields = ["name", "created_at", "method", "base", "layers", "labels", "fingerprint", "metrics"]
    actions = ["promote"]
    change_list_template = "admin/sentiment/modelversion/change_list.html"

    def has_promote_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("sentiment.promote_critic")

    def get_queryset(self, request: HttpRequest) -> QuerySet[ModelVersion]:
        newest = Promotion.objects.order_by("-pk").values("version")[:1]
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
        promote(version, reason="promoted in the admin", by=who(request))
        self.message_user(request, f"{version} serves; its readings replace the earlier ones.", messages.SUCCESS)

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
            self.message_user(request, f"{roll_back(by=who(request))} serves again.", messages.SUCCESS)
        except LookupError as error:
            self.message_user(request, str(error), messages.WARNING)
        return redirect("admin:sentiment_modelversion_changelist")


@admin.register(Promotion)
class PromotionAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ["version", "at", "by", "reason"]
    list_select_related = ["version", "by"]


@admin.register(TrainingRun)
class TrainingRunAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ["__str__", "method", "requested_by", "requested_at", "share_done", "message", "version"]
    list_select_related = ["requested_by", "version"]

    @admin.display(description="progress")
    def share_done(self, run: TrainingRun) -> str:
        return f"{run.progress:.0%}"


@admin.register(Label)
class LabelAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ["review", "value", "source", "by", "at"]
    list_filter = ["value", "source"]
    list_select_related = ["review__movie", "review__author", "by"]
    show_full_result_count = False


admin.site.register(Dispute, DisputeAdmin)
