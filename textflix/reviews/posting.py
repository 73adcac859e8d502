"""Writing a review: what is refused, why, and the one transaction in which it happens."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.db import IntegrityError
from django.utils import timezone

from textflix.members.limits import HOUR, allow_address, allow_member
from textflix.members.models import User
from textflix.members.requests import MemberRequest
from textflix.movies.models import Movie
from textflix.outages import OUTAGES, TRY_AGAIN, note
from textflix.reviews.changes import changing
from textflix.reviews.forms import ReviewForm
from textflix.reviews.models import Review


class RefusedError(Exception):
    """A review cannot be written; the message says why, in words for its author."""

    status = 409


class GoneError(Exception):
    """What a review is written by, of or into was deleted meanwhile; the message says so, in words for its author."""


class AlreadyReviewedError(RefusedError):
    pass


class TooManyError(RefusedError):
    status = 429


class UnavailableError(RefusedError):
    status = 503


@contextmanager
def _or_later() -> Iterator[None]:
    """Refuse for now where the database does not take it: the form comes back with what was written in it."""
    try:
        yield
    except OUTAGES as error:
        note(error)
        raise UnavailableError(TRY_AGAIN) from error


@_or_later()
def publish(request: MemberRequest, form: ReviewForm, movie: Movie) -> Review:
    """Post the form's valid review of this film by the request's member.

    Raises:
        RefusedError: it is their second of this film, a text they posted before, or too many in too short a time; or
            the database does not take it now.
        GoneError: the film or the member was deleted meanwhile.
    """
    _limit_address(request)
    try:
        with changing():
            author = _hold(request)
            if Review.objects.filter(movie=movie, author=author).exists():
                raise AlreadyReviewedError("You have already reviewed this film.")
            _refuse_copies(author, form)
            _limit_member(author)
            review = form.save(commit=False)
            review.movie, review.author, review.written_at = movie, author, timezone.now()
            review.save()
    except IntegrityError as error:
        # No lock on the film beforehand: it would hold up whoever writes of it, and who deletes it might wait for that.
        if not Movie.objects.filter(pk=movie.pk).exists():
            raise GoneError("This film was deleted while you wrote.") from error
        raise
    return review


@_or_later()
def revise(request: MemberRequest, form: ReviewForm) -> Review:
    """Save the form's valid changes. When it was written stays; that its text was edited is noted.

    Raises:
        RefusedError: the new text is one they posted elsewhere, there were too many changes in too short a time, or
            the database does not take it now.
        GoneError: the review or the member was deleted meanwhile.
    """
    _limit_address(request)
    with changing() as changes:
        author = _hold(request)
        if not changes.take(Review.objects.filter(pk=form.instance.pk)):
            raise GoneError("This review was deleted while you changed it.")
        review = form.save(commit=False)
        if form.text_changed:
            _refuse_copies(author, form)
            review.edited_at = timezone.now()
        # Only what the author may change: a moderator may have hidden it meanwhile.
        review.save(update_fields=["text", "stars", "spoiler", "edited_at"])
    return review


def _hold(request: MemberRequest) -> User:
    """Lock and return the member, so that two posts at once cannot pass a check that one would fail."""
    author = User.objects.select_for_update(no_key=True).filter(pk=request.user.pk).first()
    if author is None:
        raise GoneError("Your account was deleted while you wrote.")
    return author


def _refuse_copies(author: User, form: ReviewForm) -> None:
    copies = Review.objects.filter(author=author, text=form.cleaned_data["text"]).exclude(pk=form.instance.pk)
    if copies.exists():
        raise RefusedError("You have posted exactly this text before. Each film deserves words of its own.")


def _limit_address(request: MemberRequest) -> None:
    if not allow_address(request, "send review", settings.POSTS_PER_MINUTE_AND_ADDRESS):
        raise TooManyError("Too many reviews came from your network in the last minute. Wait a minute and send again.")


def _limit_member(author: User) -> None:
    newcomer = author.date_joined > timezone.now() - HOUR
    limit = settings.POSTS_IN_FIRST_HOUR if newcomer else settings.POSTS_PER_HOUR
    if not allow_member(author, "post review", limit):
        only = "New members" if newcomer else "Members"
        raise TooManyError(f"{only} can post {limit} reviews an hour. Yours is still below: send it again later.")
