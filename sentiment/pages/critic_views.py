"""The public log of the critic, and a box to try it."""

from uuid import UUID

from django import forms
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe
from django.views.decorators.vary import vary_on_headers

from sentiment.core.labels import verdict
from sentiment.models import ScoreRequest
from sentiment.models.requests import LIFE
from sentiment.pages.critic_log import dots, entries, rival
from sentiment.pages.learning_curve import learning_curve
from sentiment.pages.polling import answer_poll, gone, pause
from sentiment.pages.real_reviews import real_reviews
from sentiment.pages.verdict_box import SIGNS, called_by_critic
from sentiment.versions.moves import change
from sentiment.wakeup import wake_on_commit
from textflix.kept import kept
from textflix.members.limits import allow_address
from textflix.movies.models import SiteFigures
from textflix.movies.revisions import of_lists
from textflix.outages import OUTAGES, TRY_AGAIN, note
from textflix.reviews.forms import PlainTextField

TOO_MANY = "Too many texts came from your network in the last minute. Wait a minute and send it again."


class TryForm(forms.ModelForm):
    text = PlainTextField(
        what="A text to try",
        longest=ScoreRequest.MAX_LENGTH,
        label="Try a text",
        help_text=(
            f"Up to {ScoreRequest.MAX_LENGTH:,} characters. It is read like a review and kept for an hour, "
            "on a page whose address only you are told."
        ),
        widget=forms.Textarea(attrs={"rows": 4}),
    )

    class Meta:
        model = ScoreRequest
        fields = ["text"]


@require_safe
@kept(lambda request: of_lists())
def critic(request: HttpRequest) -> HttpResponse:
    return _page(request, TryForm(), 200)


def _page(request: HttpRequest, form: TryForm, status: int) -> HttpResponse:
    log = entries()
    not_real = SiteFigures.current().not_real > 0
    serving = next((entry.version for entry in log if entry.serves), None)
    context = {
        "entries": log,
        "change": change(),
        "dots": dots(serving) if serving else [],
        "rival": rival([serving, *(entry.version for entry in log)]) if serving else None,
        "serving": serving,
        "curve": learning_curve(),
        "real": real_reviews(),
        "form": form,
        "for_all": not form.is_bound and not request.user.is_authenticated,
        "noindex": not_real,
    }
    return render(request, "sentiment/critic/critic.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def critic_try(request: HttpRequest) -> HttpResponse:
    """Take a text to be tried; ask for it on a page of its own, which holds what the page before has asked for."""
    if request.method != "POST":
        form = TryForm(initial={"text": request.GET.get("text", "")})
        return render(request, "sentiment/critic/try.html", {"form": form, "noindex": True})
    form = TryForm(request.POST)
    if not form.is_valid():
        return _page(request, form, 400)
    if not allow_address(request, "try text", settings.TEXTS_PER_MINUTE_AND_ADDRESS):
        form.add_error(None, TOO_MANY)
        return _page(request, form, 429)
    try:
        asked = form.save()
    except OUTAGES as error:
        note(error)
        form.add_error(None, TRY_AGAIN)
        return _page(request, form, 503)
    wake_on_commit("sentiment.score_pending")
    return redirect("critic_tried", pk=asked.pk)


@never_cache
@vary_on_headers("HX-Request")
@require_safe
def critic_tried(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show a text that was tried, with its evidence; until it has been read the page asks for a fragment of itself."""
    fragment = request.headers.get("HX-Request") == "true"
    asked = ScoreRequest.objects.filter(pk=pk, asked_at__gt=timezone.now() - LIFE).with_exhausted().first()
    if asked is None:
        if fragment:
            return gone()
        raise Http404("A text is kept for an hour.")
    said = verdict(asked.positive) if asked.positive is not None else ""
    waits = asked.waits and not asked.failed
    context = called_by_critic(asked, said) | {
        "asked": asked,
        "verdict": said,
        "sign": SIGNS.get(said, "…" if waits else "!" if asked.failed else "–"),
        "pause": pause(asked.asked_at, "1s") if waits else "",
        "fragment": fragment,
    }
    if fragment:
        return answer_poll(request, "sentiment/critic/_tried_fragment.html", context)
    form = TryForm(initial={"text": asked.text})
    return render(request, "sentiment/critic/tried.html", context | {"form": form, "noindex": True})
