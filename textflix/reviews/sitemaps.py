from textflix.reviews.models import Review
from textflix.sitemaps import Section

# What was written for the demo or imported stays out of search engines.
REVIEWS = Section(
    "reviews",
    lambda: Review.objects.public().of_members().only("written_at", "edited_at"),
    lastmod=lambda review: review.edited_at or review.written_at,
)
