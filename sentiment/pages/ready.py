"""The view /readyz, which says whether the site can serve, and whether reviews are being read."""

from django.contrib import admin
from django.db import Error
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from sentiment.versions.health import Health, health


@never_cache
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """Say whether pages can be served with verdicts: 503 without a database or any version.

    That nobody reads is no reason to take the site from its visitors: posts are kept, and `reading` says it. Neither
    workers nor the broker are asked, so that none of them can make the answer wait. Strangers are told no more.
    """
    try:
        found = health()
        state: dict[str, object] = {"database": True, "reading": found.reading}
        if admin.site.has_permission(request):
            state |= _in_full(found)
    except Error:
        return JsonResponse({"database": False, "reading": "down"}, status=503)
    return JsonResponse(state, status=200 if found.serving else 503)


def _in_full(found: Health) -> dict[str, object]:
    return {
        "version": found.serving.pk if found.serving else None,
        "workers": {worker.name: worker.version_id for worker in found.workers},
        "oldest_awaited_seconds": round(found.waiting.total_seconds(), 1),
        "problems": found.problems,
    }
