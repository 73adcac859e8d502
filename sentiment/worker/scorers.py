"""Which version serves, and its scorer in this process. A folder is named by its weights' fingerprint."""

import logging
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from sentiment.core.critic.scorer import Prediction, Scorer
from sentiment.models import ModelVersion, Promotion

logger = logging.getLogger(__name__)


def folder(version: ModelVersion) -> Path:
    return Path(settings.MODELS_DIR) / version.fingerprint


def critic_of(version: ModelVersion | None) -> Path:
    """Return the folder of this version, or of the serving one; LookupError where there is none."""
    chosen = version or Promotion.objects.serving()
    if chosen is None:
        raise LookupError("No version serves yet: run manage.py train.")
    return folder(chosen)


@dataclass
class _Loaded:
    version_id: int
    scorer: Scorer


_loaded: _Loaded | None = None


def scorer_for(version: ModelVersion) -> Scorer:
    """Return the version's scorer; one is kept per process, because workers read with one version at a time."""
    global _loaded
    if _loaded is None or _loaded.version_id != version.pk:
        _loaded = _Loaded(version.pk, Scorer.load(folder(version), device=settings.SENTIMENT_DEVICE or None))
        logger.info("reading with %s", version)
    return _loaded.scorer


def sentences_of(prediction: Prediction) -> list[dict[str, float | None]]:
    """Return what is kept of a text's sentences: where each stands, and its share of the verdict; None where unread."""
    return [
        {"start": s.start, "end": s.end, "share": round(s.share, 6) if s.read else None} for s in prediction.sentences
    ]
