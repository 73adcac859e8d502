from django.contrib.sitemaps import Sitemap

from textflix.movies.models import Movie, MovieQuerySet


class FilmSitemap(Sitemap):
    """Films that the catalogue knows; what rests on demo or imported reviews stays out of search engines."""

    limit = 5_000

    def items(self) -> MovieQuerySet:
        return Movie.objects.for_search_engines().only("slug").order_by("pk")
