"""The view /readyz, which says whether the site can serve."""

from django.db import DatabaseError, connection
from django.db.models import Min
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from sentiment.models import Promotion, Reading
from textflix.celery import app


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
    """Say whether pages can be served with verdicts. A silent broker delays readings, and is reported, no more."""
    state: dict[str, object] = {
        "database": False,
        "broker": _broker_answers(),
        "version": None,
        "oldest_unread_seconds": None,
    }
    try:
        connection.ensure_connection()
        version = Promotion.objects.serving()
        unread = Reading.objects.filter(version__isnull=True, quarantined_at__isnull=True)
        oldest = unread.aggregate(oldest=Min("received_at"))["oldest"]
    except DatabaseError:
        return JsonResponse(state, status=503)
    state |= {
        "database": True,
        "version": version.pk if version else None,
        "oldest_unread_seconds": round((timezone.now() - oldest).total_seconds(), 1) if oldest else 0,
    }
    return JsonResponse(state, status=200 if version else 503)
