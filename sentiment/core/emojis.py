"""Puts emoji into words: few tokenizers know any."""

import re
from typing import Final

import emoji

FIRST: Final = "\u2190"
"""What comes before it (digits, ©) is an emoji only in the name of one, and else plain text."""

# What people mean by those that judge; Unicode's names say how they look. Without hearts' colours and skins' tones.
MEANT: Final = {
    "👍": "very good",
    "👏": "bravo",
    "🙌": "hooray",
    "👌": "perfect",
    "💯": "perfect",
    "🔥": "great",
    "🎉": "wonderful",
    "🥳": "wonderful",
    "🏆": "best",
    "😍": "love it",
    "🥰": "love it",
    "🤩": "amazing",
    "😻": "love it",
    "❤": "love",
    "♥": "love",
    "💖": "love",
    "💕": "love",
    "😊": "lovely",
    "😀": "happy",
    "😃": "happy",
    "😄": "happy",
    "😁": "happy",
    "🙂": "nice",
    "😎": "cool",
    "😂": "hilarious",
    "🤣": "hilarious",
    "😆": "funny",
    "🤯": "mind-blowing",
    "👎": "very bad",
    "🤮": "disgusting",
    "🤢": "disgusting",
    "😡": "angry, awful",
    "🤬": "angry, awful",
    "😠": "angry, bad",
    "😤": "annoying",
    "💩": "crap",
    "🗑": "garbage",
    "😴": "boring",
    "🥱": "boring",
    "💤": "boring",
    "😒": "disappointing",
    "🙄": "annoying",
    "😑": "dull",
    "😞": "disappointing",
    "😖": "awful",
    "😫": "painful",
    "🤦": "stupid",
}
_FACE = re.compile(r"\b(?:face|heart)\b")
_MODIFIERS = "\ufe0f\U0001f3fb-\U0001f3ff"


def _pattern() -> re.Pattern[str]:
    """Match an emoji with all that belongs to it."""
    first = f"[{''.join(sorted({name[0] for name in emoji.EMOJI_DATA if name[0] > FIRST}))}]"
    # No emoji has more parts; demojize takes a time that grows with the square of what is joined.
    return re.compile(rf"{first}(?:[\u20e3\U000e0020-\U000e007f{_MODIFIERS}]|\u200d{first}){{0,9}}")


EMOJI: Final = _pattern()


def in_words(match: re.Match[str]) -> str:
    """Return what is meant by a match of EMOJI, or the Unicode name of a face; else itself, as things only illustrate.

    Between spaces, which part it from its like.
    """
    bare = re.sub(f"[{_MODIFIERS}]|\u200d[♀♂]", "", match[0])
    if bare in MEANT:
        return f" {MEANT[bare]} "
    name = emoji.demojize(match[0], delimiters=(" ", " ")).replace("_", " ")
    return name if _FACE.search(name) else match[0]


def may_have_emoji(text: str) -> bool:
    """Tell quickly whether a text may have emoji: to search for one takes as long as to read a sentence."""
    return not text.isascii() and max(text) > FIRST


def without_emoji(text: str) -> str:
    """Return a text with a space in the place of each emoji."""
    return EMOJI.sub(" ", text) if may_have_emoji(text) else text
