"""Views of parts of a film: its bar, its numbers, its card, films like it, one aspect's sentences."""

from django.core.cache import caches
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from sentiment.core.corpus.data import digest
from sentiment.models import MovieAspect, MovieSentiment, Promotion
from sentiment.pages import share_card
from sentiment.pages.aspect_list import JudgementList
from sentiment.pages.polling import answer_poll, gone
from sentiment.pages.similar_films import similar
from sentiment.pages.why import card_quotes
from textflix.kept import kept
from textflix.movies.models import Aspect, Movie
from textflix.movies.revisions import of_film, of_lists

CARD_SECONDS = 86_400


def _sentiment(slug: str) -> MovieSentiment:
    movie = get_object_or_404(Movie.objects.select_related("sentiment"), slug=slug)
    return getattr(movie, "sentiment", None) or MovieSentiment(movie=movie)


@never_cache
@require_safe
def film_sentiment(request: HttpRequest, slug: str) -> JsonResponse:
    sentiment, version = _sentiment(slug), Promotion.objects.serving()
    fields = ("reviews", "scored", "positive", "negative", "unsure", "unread", "share", "low", "high")
    counts = {name: getattr(sentiment, name) for name in fields}
    return JsonResponse(counts | {"stale": sentiment.stale(version), "version": version.pk if version else None})


@never_cache
@require_safe
def film_bar(request: HttpRequest, slug: str) -> HttpResponse:
    """Answer with a film's bar, which an open page asks for while its reviews are being read."""
    movie = Movie.objects.select_related("sentiment").filter(slug=slug).first()
    if movie is None:
        return gone()
    return answer_poll(request, "sentiment/film/_bar_fragment.html", {"sentiment": getattr(movie, "sentiment", None)})


@require_safe
@kept(lambda request, slug, aspect: of_film(slug=slug))
def film_why(request: HttpRequest, slug: str, aspect: str) -> HttpResponse:
    movie = get_object_or_404(Movie.objects.select_related("sentiment"), slug=slug)
    if aspect not in Aspect.values:
        raise Http404(f"{aspect} is no aspect.")
    context = {
        "movie": movie,
        "marks": movie.marks,
        "aspect": aspect,
        "listed": JudgementList(movie, aspect, request.GET),
        "others": MovieAspect.objects.filter(movie=movie).exclude(aspect=aspect),
        "noindex": not movie.for_search_engines,
    }
    return render(request, "sentiment/film/why.html", context)


@vary_on_headers("HX-Request")
@require_safe
@kept(lambda request, slug: of_lists())
def film_similar(request: HttpRequest, slug: str) -> HttpResponse:
    """Show films like this one: as a page, or as the part of its page that is fetched once it comes into view."""
    movie = get_object_or_404(Movie, slug=slug)
    found = similar(movie)
    films = [film for film, _ in [*found.by_aspects, *found.by_people]]
    context = {"movie": movie, "similar": found, "films": films, "noindex": True}
    fragment = request.headers.get("HX-Request") == "true"
    return render(request, "sentiment/film/_similar.html" if fragment else "sentiment/film/similar.html", context)


@require_safe
@cache_control(public=True, max_age=3600)
def film_card(request: HttpRequest, slug: str) -> HttpResponse:
    """The picture that is shown where a film's address is shared; only of films whose reviews members wrote."""
    movie = get_object_or_404(Movie.objects.select_related("sentiment"), slug=slug)
    sentiment = getattr(movie, "sentiment", None)
    if sentiment is None or not sentiment.judged or not movie.for_search_engines:
        raise Http404("Nothing to show.")
    sentence = getattr(card_quotes([movie]).get(movie.pk), "sentence", "")
    key = f"card.{digest(repr((str(movie), sentiment.positive, sentiment.unsure, sentiment.negative, sentence)))[:32]}"
    picture = caches["pages"].get_or_set(key, lambda: share_card.draw(movie, sentiment, sentence), CARD_SECONDS)
    return HttpResponse(picture, content_type="image/png")
