from datetime import datetime

from django.contrib.sitemaps import Sitemap

from textflix.reviews.models import Review, ReviewQuerySet


class ReviewSitemap(Sitemap):
    """Reviews that members wrote; what was written for the demo or imported stays out of search engines."""

    limit = 5000

    def items(self) -> ReviewQuerySet:
        return Review.objects.public().of_members().order_by("pk")

    def lastmod(self, review: Review) -> datetime | None:
        return review.edited_at or review.written_at
