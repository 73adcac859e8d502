"""Which version this process reads with: the one that serves or, while that cannot be loaded, the last that could.

A folder is named by its version's fingerprint, which everything in it is verified by.
"""

import logging
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings

from sentiment.core.critic import checkpoints
from sentiment.core.critic.scorer import Prediction, Scorer
from sentiment.models import ModelVersion, Promotion

logger = logging.getLogger(__name__)

RETRY_SECONDS = 30.0
"""So long a version that could not be loaded is left alone, before its files are looked at again."""
STRETCH = 200
SIGNS = {True: "+", False: "-"}
CANARY = "A plain text that every working critic can read."


class Broken(RuntimeError):
    """The critic itself fails, whatever it is given: the texts are not to blame."""


class Unloadable(Broken):
    """No version that ever served can be loaded; the message says what is wrong with the serving one."""


def folder(version: ModelVersion) -> Path:
    return Path(settings.MODELS_DIR) / version.fingerprint


def critic_of(version: ModelVersion | None) -> Path:
    """Return the folder of this version, or of the serving one; LookupError where there is none.

    Raises CheckpointError where its manifest is not the one it was made with.
    """
    chosen = version or Promotion.objects.serving()
    if chosen is None:
        raise LookupError("No version serves yet: run manage.py train.")
    checkpoints.read_manifest(folder(chosen), chosen.fingerprint)
    return folder(chosen)


@dataclass(frozen=True, slots=True)
class Chosen:
    """What this process reads with now. Where that is not the serving version, `error` says why."""

    serving: ModelVersion
    version: ModelVersion
    error: str = ""

    @property
    def is_serving(self) -> bool:
        return self.version == self.serving


@dataclass
class _Loaded:
    version_id: int
    scorer: Scorer


_loaded: _Loaded | None = None
_failed: dict[int, tuple[float, str]] = {}


def scorer_for(version: ModelVersion) -> Scorer:
    """Return the version's scorer, verified; one is kept per process, because workers read with one version at a time.

    Raises what kept it from being loaded; the one that was kept before stays.
    """
    global _loaded
    if _loaded is None or _loaded.version_id != version.pk:
        device = settings.SENTIMENT_DEVICE or None
        _loaded = _Loaded(version.pk, Scorer.load(folder(version), device, version=version.fingerprint))
        logger.info("reading with %s", version)
    return _loaded.scorer


def verify(version: ModelVersion) -> None:
    """Load a version and read a text with it; raises what is wrong with it."""
    scorer_for(version).predict([CANARY])


def choose() -> Chosen | None:
    """Return the version to read with; None before the first promotion. Raises Unloadable where none can be loaded."""
    serving = Promotion.objects.serving()
    if serving is None:
        return None
    if (error := _why_not(serving)) is None:
        return Chosen(serving, serving)
    for version in ModelVersion.objects.that_served():
        if _why_not(version) is None:
            return Chosen(serving, version, f"{serving} cannot be loaded, {version} reads instead: {error}")
    raise Unloadable(f"{serving} cannot be loaded, nor any before it: {error}")


def _why_not(version: ModelVersion) -> str | None:
    """Return what keeps a version from being loaded; None where nothing does, and it is loaded."""
    until, why = _failed.get(version.pk, (0.0, ""))
    if time.monotonic() < until:
        return why
    try:
        scorer_for(version)
    except Exception as error:
        why = reason_of(error)
        logger.error("%s cannot be loaded: %s", version, why)
        _failed[version.pk] = (time.monotonic() + RETRY_SECONDS, why)
        return why
    _failed.pop(version.pk, None)
    return None


def reason_of(error: Exception) -> str:
    """Return what went wrong, to be kept; errors of our own are sentences, others need their names."""
    own = isinstance(error, checkpoints.CheckpointError | Broken)
    return (str(error) if own else f"{type(error).__name__}: {error}")[:2000]


def sentences_of(prediction: Prediction) -> list[dict[str, Any]]:
    """Return what is kept of a text's sentences: where each stands, and its share of the verdict; None where unread.

    A marked one has its rank (`mark`), what it says (`sign`) and how far it pulls (`effect`), too. Neighbours that
    decided nothing are kept as one of up to `STRETCH` characters: a text can have thousands. Of a text that is left
    unread, none is kept.
    """
    kept: list[dict[str, Any]] = []
    if prediction.unread:
        return kept
    marks = {mark.sentence: (rank, mark) for rank, mark in enumerate(prediction.marks, 1)}
    for position, sentence in enumerate(prediction.sentences):
        share = round(sentence.share, 6) if sentence.read else None
        before = kept[-1] if kept else None
        row: dict[str, Any] = {"start": sentence.start, "end": sentence.end, "share": share}
        if position in marks:
            rank, mark = marks[position]
            kept.append(row | {"mark": rank, "sign": SIGNS[mark.favourable], "effect": round(mark.effect, 3)})
        elif before and not share and not before["share"] and "mark" not in before and _near(before, sentence.end):
            before |= {"end": sentence.end, "share": None if share is None else before["share"]}
        else:
            kept.append(row)
    return kept


def _near(before: dict[str, Any], end: int) -> bool:
    return int(end - before["start"]) <= STRETCH
