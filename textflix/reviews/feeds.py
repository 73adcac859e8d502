"""Atom feeds of what members write, by film and by member. Demo and imported reviews are in none."""

import re
from collections.abc import Iterable
from datetime import datetime

from django.contrib.syndication.views import Feed
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.feedgenerator import Atom1Feed
from django.utils.html import linebreaks

from textflix.members.models import User
from textflix.movies.models import Movie
from textflix.reviews.models import Review, ReviewQuerySet

ENTRIES = 30
# Characters that no XML document may contain, in whatever form.
_NOT_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


class _ReviewFeed(Feed):
    feed_type = Atom1Feed

    def entries(self, reviews: ReviewQuerySet) -> Iterable[Review]:
        written = reviews.public().of_members().filter(written_at__isnull=False)
        return written.select_related("movie", "author").order_by("-written_at")[:ENTRIES]

    def item_title(self, item: Review) -> str:
        return f"{item.movie}, by {item.author}"

    def item_description(self, item: Review) -> str:
        """Return the review's text, or that it has spoilers, as HTML.

        Feed readers take it for HTML, so that what somebody wrote must be escaped into it.
        """
        text = "This review contains spoilers: open it to read it." if item.spoiler else item.text
        return linebreaks(_NOT_XML.sub(" ", text), autoescape=True)

    def item_author_name(self, item: Review) -> str:
        return str(item.author)

    def item_pubdate(self, item: Review) -> datetime | None:
        return item.written_at

    def item_updateddate(self, item: Review) -> datetime | None:
        return item.edited_at or item.written_at


class FilmFeed(_ReviewFeed):
    """The newest reviews of a film."""

    def get_object(self, request: HttpRequest, slug: str) -> Movie:
        return get_object_or_404(Movie.objects.listed(), slug=slug)

    def title(self, movie: Movie) -> str:
        return f"Reviews of {movie}"

    def link(self, movie: Movie) -> str:
        return movie.get_absolute_url()

    def feed_url(self, movie: Movie) -> str:
        return reverse("film_feed", args=[movie.slug])

    def items(self, movie: Movie) -> Iterable[Review]:
        return self.entries(Review.objects.filter(movie=movie))


class MemberFeed(_ReviewFeed):
    """The newest reviews by a member."""

    def get_object(self, request: HttpRequest, username: str) -> User:
        return get_object_or_404(User, username=username, is_demo=False)

    def title(self, member: User) -> str:
        return f"Reviews by {member.username}"

    def link(self, member: User) -> str:
        return member.get_absolute_url()

    def feed_url(self, member: User) -> str:
        return reverse("member_feed", args=[member.username])

    def items(self, member: User) -> Iterable[Review]:
        return self.entries(Review.objects.filter(author=member))
