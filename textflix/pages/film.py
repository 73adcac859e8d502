"""A film's page: what is known of it, its reviews, and the visitor's own."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from textflix.kept import kept
from textflix.movies.models import Movie
from textflix.movies.revisions import OF_FILM, of_film
from textflix.reviews.film_list import ReviewList
from textflix.reviews.forms import ReviewForm


@require_safe
@kept(lambda request, slug: of_film(slug=slug))
def film(request: HttpRequest, slug: str) -> HttpResponse:
    movie = Movie.objects.for_page().annotate(revision=OF_FILM).filter(slug=slug).first()
    if movie is None:
        return redirect(get_object_or_404(Movie, imdb_id=slug), permanent=True)
    own = None
    if request.user.is_authenticated:
        own = movie.reviews.with_verdict().filter(author=request.user).first()
    context = {
        "movie": movie,
        "today": timezone.now().date(),
        "marks": movie.marks,
        "own": own,
        "reviews": ReviewList(movie, request.GET, own),
        "form": ReviewForm(),
        "noindex": not movie.for_search_engines,
    }
    return render(request, "movies/film.html", context)
