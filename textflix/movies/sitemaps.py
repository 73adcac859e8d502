from textflix.movies.models import Movie
from textflix.sitemaps import Section

# What rests on demo or imported reviews stays out of search engines.
FILMS = Section("films", lambda: Movie.objects.for_search_engines().only("slug"))
