"""Finds the words that praise and those that fault, by a lexicon of general English (lexicon.toml)."""

import re
import tomllib
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

LEXICON: Final[dict[str, Any]] = tomllib.loads(Path(__file__).with_name("lexicon.toml").read_text("utf-8"))
NEGATION_SPAN: Final = 60
"""How many characters before a word its negation is sought."""
WORD: Final = re.compile(r"\w[\w'-]*")


def plain(text: str) -> str:
    """Return a text as the lexicon writes it, each character in its place."""
    # Done once: to ignore case costs a regular expression three times as much.
    return text.lower().replace("’", "'")


def opinions(text: str, words: Sequence[re.Match[str]]) -> npt.NDArray[np.float64]:
    """Return for each of the `words` of a plain text 1 where it praises, -1 where it faults; what is negated turns."""
    found = np.array([opinion(word[0][:LONGEST_WORD]) for word in words])
    for i in np.flatnonzero(found).tolist():
        start = words[i].start()
        if _NEGATED.search(text, max(0, start - NEGATION_SPAN), start):
            found[i] *= -1
    # A phrase says more than its words, and says it as it stands.
    for value, phrases in _PHRASES:
        for match in phrases.finditer(text):
            first, end = (bisect_left(words, place, key=re.Match.start) for place in match.span())
            found[first:end] = 0
            found[first : first + 1] = value
    return found


def judges(text: str) -> bool:
    """Tell whether any word of a plain text judges, whichever way."""
    return bool(opinions(text, list(WORD.finditer(text))).any() or _JUDGING.search(text))


def complains(text: str) -> bool:
    """Tell whether a plain sentence announces a complaint, in words of whichever kind."""
    return bool(_COMPLAINT.search(text))


@lru_cache(maxsize=50_000)
def opinion(word: str) -> float:
    """Return 1 for a plain word that praises, -1 for one that faults, 0 for others."""
    beginnings = {word[:length] for length in range(1, len(word) + 1)}
    if word in _PRAISE or beginnings & _PRAISE_STEMS:
        return 1.0
    return -1.0 if word in _FAULT or beginnings & _FAULT_STEMS else 0.0


def either(patterns: Iterable[str]) -> re.Pattern[str]:
    """Return a pattern for whole words that match one of several."""
    return re.compile(rf"\b(?:{'|'.join(patterns)})\b")


def _entries(words: str) -> tuple[frozenset[str], frozenset[str]]:
    """Return the whole words of a list, and the stems that stand for all that begins so."""
    listed = words.split()
    return frozenset(w for w in listed if w[-1] != "*"), frozenset(w[:-1] for w in listed if w[-1] == "*")


_words = LEXICON["opinions"]
_PRAISE, _PRAISE_STEMS = _entries(_words["praise"])
_FAULT, _FAULT_STEMS = _entries(_words["fault"])
_PHRASES = (
    (1.0, either(_words["praise_phrases"])),
    (-1.0, either(_words["fault_phrases"])),
    (0.0, either(_words["neutral_phrases"])),
)
_JUDGING = either(_words["judging"])
_COMPLAINT = either(_words["complaints"])
_NEGATED = re.compile(
    rf"\b(?:{'|'.join(_words['negations'])})(?!\s+(?:but|just|least|only)\b)(?:\s+[\w'-]+){{0,3}}\s*$"
)
LONGEST_WORD: Final = 1 + max(map(len, _PRAISE | _PRAISE_STEMS | _FAULT | _FAULT_STEMS))
"""What a word says is known from so many of its characters: a longer one is in no list."""
