"""Views of a review's verdict, for open pages and programs, and for who confirms or disputes it."""

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from sentiment.labelling.disputes import NotAsked, confirm, dispute
from sentiment.models import Dispute, Verdict
from sentiment.pages.polling import answer_poll, gone
from textflix.members.limits import allow_member
from textflix.members.requests import MemberRequest
from textflix.outages import OUTAGES, TRY_AGAIN, note
from textflix.reviews.models import Review

TOO_MANY = "You disputed many verdicts in the last hour. Come back later; what you wrote is still here."


class DisputeForm(forms.ModelForm):
    class Meta:
        model = Dispute
        fields = ["reason"]
        widgets = {"reason": forms.Textarea(attrs={"rows": 4})}
        labels = {"reason": "Why is the verdict wrong?"}
        help_texts = {"reason": "Your name and your reason are shown on the review’s page at once, for everyone."}


def _review(pk: int) -> Review:
    return get_object_or_404(Review.objects.public().with_verdict(), pk=pk)


@never_cache
@require_safe
def review_verdict(request: HttpRequest, pk: int) -> JsonResponse:
    reading = _review(pk).reading  # type: ignore[attr-defined]
    return JsonResponse(
        {
            "state": reading.state,
            "positive": reading.positive,
            "verdict": reading.verdict or None,
            "label": reading.label.value if reading.label else None,
            "version": reading.version_id,
        }
    )


@never_cache
@require_safe
def review_reading(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer an open page that shows a review without a verdict; `whole`: with all that its author sees."""
    review = Review.objects.for_pages().filter(pk=pk).first()
    if review is None:
        return gone()
    whole = "whole" in request.GET
    return answer_poll(request, "sentiment/review/_verdict_fragment.html", {"review": review, "whole": whole})


@login_required
@require_POST
def review_confirm(request: MemberRequest, pk: int) -> HttpResponse:
    review = _review(pk)
    if review.author_id != request.user.pk:
        raise PermissionDenied("Only its author can say what a review is meant to be.")
    value = request.POST.get("value", "")
    if value not in Verdict.values:
        return HttpResponseBadRequest(f"The value must be one of {', '.join(Verdict.values)}.")
    try:
        confirm(review, value, request.user)
    except NotAsked as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, "Thank you. The verdict is now yours.")
    return redirect(review)


def _disputed(request: MemberRequest, review: Review, form: DisputeForm) -> int:
    """Keep a dispute; what is wrong with it is added to the form, and the status of the answer is returned."""
    if not form.is_valid():
        return 400
    if not allow_member(request.user, "dispute", settings.DISPUTES_PER_HOUR):
        form.add_error(None, TOO_MANY)
        return 429
    try:
        dispute(review, form.cleaned_data["reason"], request.user)
    except NotAsked as error:
        form.add_error(None, str(error))
        return 409
    except OUTAGES as error:
        note(error)
        form.add_error(None, TRY_AGAIN)
        return 503
    messages.success(request, "Thank you. The people who look after this site will decide; it is shown here.")
    return 200


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def review_dispute(request: MemberRequest, pk: int) -> HttpResponse:
    review = get_object_or_404(Review.objects.for_pages(), pk=pk)
    if review.author_id == request.user.pk:
        raise PermissionDenied("Of their own reviews people say themselves whether they were read right.")
    if not review.reading.verdict:  # type: ignore[attr-defined]
        return render(request, "sentiment/review/dispute.html", {"review": review, "form": None}, status=409)
    form = DisputeForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = _disputed(request, review, form)
        if status == 200:
            return redirect(review)
    return render(request, "sentiment/review/dispute.html", {"review": review, "form": form}, status=status)
