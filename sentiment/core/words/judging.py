"""Decides what a text's verdict follows from: the critic, a rating that the text states, or nothing at all."""

from collections.abc import Sequence
from typing import Final, Literal, NamedTuple

from sentiment.core.emojis import EMOJI, without_emoji
from sentiment.core.labels import NEGATIVE_BELOW, POSITIVE_ABOVE, verdict
from sentiment.core.text import clean
from sentiment.core.words.language import is_english
from sentiment.core.words.opinions import judges, plain
from sentiment.core.words.ratings import Rating, positive_of, stated_ratings

Unread = Literal["language", "nothing"]
"""Why a text is not judged: it is not in English, or holds nothing to read."""
By = Literal["critic", "rating", "brevity"]
"""What a verdict follows from; by brevity a text is unsure, of whose few words none judges."""

FEW: Final = 15
"""So many words are few: where none of them judges, what the critic makes of them is chance."""
MANY: Final = 60
"""Among more words than this some always judge."""


class Judged(NamedTuple):
    """The probability of positive that counts, and what it follows from."""

    positive: float
    by: By


def why_unread(text: str) -> Unread | None:
    """Return why a text is not judged; None for one that is. Emoji are words, and a rating in stars is one."""
    ratings = list(stated_ratings(text))
    letters = clean(without_emoji(_without(ratings, text))).text
    if any(map(str.isalpha, letters)):
        return None if is_english(letters) else "language"
    return None if ratings or EMOJI.search(text) else "nothing"


def judge(text: str, positive: float) -> Judged:
    """Return what counts of a text of which the critic says `positive`.

    Where no word judges, a rating that the text states decides (several decide if they agree on a side), and without
    one the text is unsure if it is short.
    """
    count = len(text.split())
    ratings = list(stated_ratings(text)) if count <= MANY else []
    if count > (MANY if ratings else FEW) or judges(plain(clean(_without(ratings, text)).text)):
        return Judged(positive, "critic")
    stated = [positive_of(rating.value) for rating in ratings]
    if len({verdict(each) for each in stated}) == 1:
        return Judged(stated[-1], "rating")
    return Judged(min(max(positive, NEGATIVE_BELOW), POSITIVE_ABOVE), "brevity")


def _without(ratings: Sequence[Rating], text: str) -> str:
    ends = [0, *(rating.end for rating in ratings)]
    starts = [*(rating.start for rating in ratings), len(text)]
    return " ".join(text[end:start] for end, start in zip(ends, starts, strict=True))
