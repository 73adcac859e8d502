"""Counts the characters of a text that can be seen: an empty review is empty whatever it is filled with."""

import re
import unicodedata
from collections.abc import Sized
from typing import Final

from django.core.validators import MinLengthValidator

UNSEEN: Final = frozenset("\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
"""What Unicode calls letters and signs, and nobody sees."""
_NEVER_ALONE: Final = frozenset({"Cc", "Cf", "Cs", "Me", "Mn"})
"""Categories of what is drawn on something else (accents) or not at all (controls, joiners)."""


def seen(text: str) -> str:
    """Return what can be seen of a text: each gap between words is one space, however long."""
    drawn = (each for each in text if each.isspace() or unicodedata.category(each) not in _NEVER_ALONE)
    return re.sub(r"\s+", " ", "".join(" " if each in UNSEEN else each for each in drawn)).strip()


class MinSeenValidator(MinLengthValidator):
    """Refuses a text of which too few characters can be seen."""

    def clean(self, x: Sized) -> int:
        """Return how many can."""
        return len(seen(str(x)))
