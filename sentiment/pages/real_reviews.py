"""How often verdicts, aspects and marks are right on real reviews, as the cards of what is shipped report."""

import json
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from django.conf import settings


class RealReviews(NamedTuple):
    """Whole percents, and of how many: verdicts on films never met, and what 200 reviews read by hand say."""

    verdicts: int
    judged: int
    precision: int
    recall: int
    polarity: int
    marks: int
    read: int


@cache
def real_reviews() -> RealReviews:
    """Read the cards, once: they change with the code."""
    critic, annotator = _report("pretrained")["test"], _report("annotator")
    aspects, marks = annotator["aspects"], annotator["marks"]
    return RealReviews(
        round(100 * critic["accuracy"]),
        critic["n"],
        round(100 * aspects["judged"]["precision"]["accuracy"]),
        round(100 * aspects["judged"]["recall"]["accuracy"]),
        round(100 * aspects["polarity"]["accuracy"]),
        round(100 * marks["mark"]["decisive"]),
        aspects["reviews"],
    )


def _report(name: str) -> dict[str, Any]:
    path = Path(settings.BASE_DIR) / "sentiment" / name / "card.json"
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))["report"]
    return found
