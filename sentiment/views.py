from django.db import DatabaseError, connection
from django.db.models import Min
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from sentiment.models import MovieSentiment, Reading
from sentiment.promotion import serving
from textflix.celery import app
from textflix.movies.models import Movie
from textflix.reviews.models import Review


def _sentiment(slug: str) -> MovieSentiment:
    movie = get_object_or_404(Movie.objects.select_related("sentiment"), slug=slug)
    return getattr(movie, "sentiment", None) or MovieSentiment(movie=movie)


@never_cache
@require_safe
def film_sentiment(request: HttpRequest, slug: str) -> JsonResponse:
    sentiment, version = _sentiment(slug), serving()
    fields = ("reviews", "scored", "positive", "negative", "unsure", "share", "low", "high")
    answer = {name: getattr(sentiment, name) for name in fields}
    return JsonResponse(answer | {"stale": sentiment.stale(version), "version": version.pk if version else None})


@never_cache
@require_safe
def film_bar(request: HttpRequest, slug: str) -> HttpResponse:
    return render(request, "sentiment/_bar_fragment.html", {"sentiment": _sentiment(slug)})


def _review(pk: int) -> Review:
    return get_object_or_404(Review.objects.for_pages().select_related("reading__label"), pk=pk)


@never_cache
@require_safe
def review_verdict(request: HttpRequest, pk: int) -> JsonResponse:
    reading = _review(pk).reading
    return JsonResponse(
        {
            "state": reading.state,
            "positive": reading.positive,
            "verdict": reading.verdict or None,
            "label": reading.label.value if reading.label else None,
            "version": reading.version_id,
        }
    )


@never_cache
@require_safe
def review_reading(request: HttpRequest, pk: int) -> HttpResponse:
    return render(request, "sentiment/_verdict_fragment.html", {"review": _review(pk)})


def _broker_answers() -> bool:
    try:
        with app.connection_for_write(transport_options=app.conf.broker_transport_options) as broker:
            broker.ensure_connection(max_retries=1, timeout=1)
    except (OperationalError, RedisError, OSError):
        return False
    return True


@never_cache
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """Ready while pages can be served with verdicts. A silent broker delays readings, and is reported, no more."""
    answer: dict[str, object] = {
        "database": False,
        "broker": _broker_answers(),
        "version": None,
        "oldest_unread_seconds": None,
    }
    try:
        connection.ensure_connection()
        version = serving()
        unread = Reading.objects.filter(version__isnull=True, quarantined_at__isnull=True)
        oldest = unread.aggregate(oldest=Min("received_at"))["oldest"]
    except DatabaseError:
        return JsonResponse(answer, status=503)
    answer |= {
        "database": True,
        "version": version.pk if version else None,
        "oldest_unread_seconds": round((timezone.now() - oldest).total_seconds(), 1) if oldest else 0,
    }
    return JsonResponse(answer, status=200 if version else 503)
