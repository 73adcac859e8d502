from django.contrib import admin

from textflix.admin_deletion import TakesRowsAlong
from textflix.movies.models import Movie


@admin.register(Movie)
class MovieAdmin(TakesRowsAlong):
    """The admin's pages of films, which come from catalogues: here they are corrected, and kept out of browse."""

    list_display = ["title", "year", "imdb_id", "certificate", "listed"]
    list_filter = ["listed", "genres"]
    search_fields = ["title", "imdb_id"]
    show_full_result_count = False
    fields = ["imdb_id", "slug", "title", "year", "runtime", "certificate", "languages", "countries", "listed"]
    readonly_fields = ["imdb_id", "slug"]

    def has_add_permission(self, request: object) -> bool:
        return False
