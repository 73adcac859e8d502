from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from textflix.kept import kept
from textflix.members.requests import MemberRequest
from textflix.movies.models import Movie
from textflix.movies.revisions import of_film
from textflix.reviews.changes import changing
from textflix.reviews.forms import ReviewForm
from textflix.reviews.models import Review, Source
from textflix.reviews.posting import GoneError, RefusedError, publish, revise
from textflix.reviews.visibility import visible_to


@require_safe
@kept(lambda request, pk: of_film(reviews=pk))
def review(request: HttpRequest, pk: int) -> HttpResponse:
    seen = Review.objects.filter(visible_to(request))
    found = get_object_or_404(seen.with_reading().select_related("movie"), pk=pk)
    return render(request, "reviews/review.html", {"review": found, "noindex": found.source != Source.MEMBER})


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def review_new(request: MemberRequest, slug: str) -> HttpResponse:
    movie = get_object_or_404(Movie, slug=slug)
    form = ReviewForm(request.POST or None)
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                return redirect(publish(request, form, movie))
            except GoneError as gone:
                return _gone(request, gone, form)
            except RefusedError as refused:
                form.add_error(None, str(refused))
                status = refused.status
    own = Review.objects.filter(movie=movie, author=request.user).first()
    return render(request, "reviews/new.html", {"form": form, "movie": movie, "own": own}, status=status)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def review_edit(request: MemberRequest, pk: int) -> HttpResponse:
    own = _own(request, pk)
    form = ReviewForm(request.POST or None, instance=own)
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                return redirect(revise(request, form))
            except GoneError as gone:
                return _gone(request, gone, form)
            except RefusedError as refused:
                form.add_error(None, str(refused))
                status = refused.status
    return render(request, "reviews/edit.html", {"form": form, "movie": own.movie, "review": own}, status=status)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def review_delete(request: MemberRequest, pk: int) -> HttpResponse:
    own = _own(request, pk)
    if request.method == "POST":
        with changing():
            own.delete()
        messages.success(request, f"Your review of {own.movie} is deleted.")
        return redirect(own.movie)
    return render(request, "reviews/delete.html", {"review": own})


def _gone(request: HttpRequest, gone: GoneError, form: ReviewForm) -> HttpResponse:
    """Say what was deleted meanwhile, and give back what was written."""
    return render(request, "reviews/gone.html", {"reason": str(gone), "text": form["text"].value()}, status=404)


def _own(request: MemberRequest, pk: int) -> Review:
    found = get_object_or_404(Review.objects.public().select_related("movie"), pk=pk)
    if found.author_id != request.user.pk:
        raise PermissionDenied("Only its author can change a review.")
    return found
