"""The admin's pages of reviews and labels: what was read in each, who labelled it, and what may be done about it."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from sentiment.desk.base import ReadOnly, who
from sentiment.desk.filters import Labelled, Quarantined, StarsDisagree, Uncertain, VerdictIs, VersionIs
from sentiment.labelling.labels import relabel
from sentiment.models import Label
from sentiment.verdicts.intake import read_again
from sentiment.wakeup import wake_on_commit
from textflix.admin_deletion import TakesRowsAlong
from textflix.reviews.changes import changing, leaving
from textflix.reviews.models import Review
from textflix.reviews.visibility import visible_to


class LabelInline(ReadOnly, admin.TabularInline):
    model = Label
    fields = readonly_fields = ("value", "source", "by", "at")
    verbose_name_plural = "labels, newest first (an earlier text's labels stay, and no longer count)"


class RelabelForm(forms.ModelForm):
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


class ReviewAdmin(TakesRowsAlong):
    form = RelabelForm
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

    def get_queryset(self, request: HttpRequest) -> QuerySet[Review]:
        return super().get_queryset(request).filter(visible_to(request))

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

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Review]) -> None:
        with changing():
            leaving(queryset)
            super().delete_queryset(request, queryset)


class LabelAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ["review", "value", "source", "by", "at"]
    list_filter = ["value", "source"]
    list_select_related = ["review__movie", "review__author", "by"]
    show_full_result_count = False
