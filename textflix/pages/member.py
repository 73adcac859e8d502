"""A member's page: what they wrote, the newest first."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_safe

from textflix.kept import kept
from textflix.members.models import User
from textflix.movies.revisions import of_lists
from textflix.reviews.film_list import NEWEST
from textflix.reviews.models import Review

PER_PAGE = 20


@require_safe
@kept(lambda request, username: of_lists())
def member(request: HttpRequest, username: str) -> HttpResponse:
    found = get_object_or_404(User, username__iexact=username)
    if found.username != username:
        return redirect(found, permanent=True)
    written = Review.objects.for_pages().filter(author=found)
    context = {
        "member": found,
        "count": written.count(),
        "page": NEWEST.page(written, request.GET.get("after", ""), PER_PAGE),
        "noindex": found.is_demo,
    }
    return render(request, "members/member.html", context)
