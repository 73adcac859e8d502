"""The demo corpus: 1,200 reviews of 120 real films, written for this project. They are nobody's real opinions."""

import json
from pathlib import Path
from typing import Any

CORPUS = Path(__file__).with_name("reviews.jsonl")


def records() -> list[dict[str, Any]]:
    """Read the corpus' rows in their order: what names a row is its number, from 1."""
    return [json.loads(line) for line in CORPUS.read_text("utf-8").splitlines()]
