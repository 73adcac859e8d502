"""Finds which sentence names which aspect of a film by a lexicon (lexicon.toml), and what stands near its name.

That is praise and blame in the author's own words, and what the critic made of each of them, by itself and beside the
rest of the review, whose verdict colours every word. What comes of it, mentions.py says.
"""

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from sentiment.core.critic.evidence import Sentence
from sentiment.core.text import without_runs
from sentiment.core.words.opinions import LEXICON, WORD, complains, either, opinions, plain

Floats = npt.NDArray[np.float64]
Positions = npt.NDArray[np.intp]

FEATURES: Final = ("praise", "complaint", "critic", "contrast")

REACH: Final = 10.0
"""How many words away from the cue a word counts 1/e as much as beside it."""
ACROSS: Final = 0.5
"""How much less a word counts for each clause boundary between it and the cue."""


class Cue(NamedTuple):
    """A sentence that names an aspect, and what stands near its name: the FEATURES, each from -1 to 1."""

    sentence: int
    aspect: str
    features: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class TokenLogits:
    """The logit of each token that a critic read of a text, and where the token starts, both [tokens].

    `starts` are offsets into the text, in order. A token's logit is the calibrated one that the text would have if all
    of it were like this token: their mean is the text's logit divided by the temperature.
    """

    starts: npt.NDArray[np.integer]
    logits: Floats

    @classmethod
    def of(
        cls,
        starts: npt.NDArray[np.integer],
        head: int,
        tail: int,
        contributions: npt.NDArray[np.floating],
        bias: float,
        temperature: float,
    ) -> "TokenLogits":
        """Compute from all `starts`, and the `contributions` of what was read: the first `head`, the last `tail`."""
        read = np.concatenate([starts[:head], starts[len(starts) - tail :]])
        return cls(read, (contributions.astype(np.float64) * len(read) + bias) / temperature)


def find_cues(text: str, sentences: Sequence[Sentence], tokens: TokenLogits) -> Iterator[Cue]:
    """Yield a cue for each aspect that a sentence names."""
    text, sentences, tokens = _without_runs(text, sentences, tokens)
    review = float(tokens.logits.sum() / max(len(tokens.logits), 1))
    for position, sentence in enumerate(sentences):
        if not sentence.read:
            continue
        own = text[sentence.start : sentence.end]
        plain_own = plain(own)
        words: _Words | None = None
        for aspect, places in _named(own, plain_own):
            words = words or _Words.of(plain_own, sentence.start, tokens, review)
            yield Cue(position, aspect, words.features(places))


def _without_runs(
    text: str, sentences: Sequence[Sentence], tokens: TokenLogits
) -> tuple[str, Sequence[Sentence], TokenLogits]:
    """Leave out of a text what it only repeats, as when it was read; the offsets are those into what is left."""
    read = without_runs(text)
    if read.text == text:
        return text, sentences, tokens
    starts = np.asarray(read.starts)
    edges = starts.searchsorted([(sentence.start, sentence.end) for sentence in sentences]).reshape(-1, 2).tolist()
    kept = [replace(each, start=start, end=end) for each, (start, end) in zip(sentences, edges, strict=True)]
    return read.text, kept, TokenLogits(starts.searchsorted(tokens.starts), tokens.logits)


def _named(sentence: str, plain: str) -> Iterator[tuple[str, list[int]]]:
    """Yield each aspect that a sentence names, and where."""
    for aspect, pattern in _CUES.items():
        places = [match.start() for match in pattern.finditer(plain)]
        if not places and aspect == "acting" and not _CREW.search(plain):
            places = [match.start() for match in _PERFORMER.finditer(sentence)]
        if places:
            yield aspect, places


@dataclass(frozen=True, slots=True)
class _Words:
    """The words of a plain sentence, each array [words]: start, position, praise (1) or blame (-1), the critic's logit.

    Positions say how far words are apart: one that is 1 away from a name counts 1/e as much as the name. `complaint` is
    1 where the sentence says that it is one, else 0; `review` is the logit of the whole review.
    """

    starts: Positions
    positions: Floats
    opinions: Floats
    logits: Floats
    complaint: float
    review: float

    @classmethod
    def of(cls, text: str, offset: int, tokens: TokenLogits, review: float) -> "_Words":
        found = list(WORD.finditer(text))
        starts = np.array([word.start() for word in found], dtype=np.intp)
        breaks = np.array([boundary.end() for boundary in _CLAUSE.finditer(text)], dtype=np.intp)
        inside = slice(*tokens.starts.searchsorted((offset, offset + len(text))))
        owner = _word_at(starts, tokens.starts[inside] - offset)
        count = np.bincount(owner, minlength=len(starts))
        logits = np.bincount(owner, tokens.logits[inside], minlength=len(starts)) / np.maximum(count, 1)
        positions = np.arange(len(starts)) / REACH - breaks.searchsorted(starts, side="right") * math.log(ACROSS)
        complaint = float(complains(text))
        return cls(starts, positions, opinions(text, found), logits, complaint, review)

    def features(self, places: Sequence[int]) -> tuple[float, ...]:
        """Return the FEATURES of what is named at `places`, the nearer words weighing more."""
        # Words and their positions ascend, so the nearest name is the last one before a word or the first one after.
        named = np.concatenate([[-np.inf], self.positions[_word_at(self.starts, places)], [np.inf]])
        after = named.searchsorted(self.positions)
        near = np.exp(-np.minimum(self.positions - named[after - 1], named[after] - self.positions))
        praise = float(np.tanh(near @ self.opinions))
        critic = near @ self.logits / near.sum()
        return praise, self.complaint, float(np.tanh(critic / 2)), float(np.tanh((critic - self.review) / 2))


def _word_at(starts: Positions, places: npt.ArrayLike) -> Positions:
    # Not clip, which takes longer than all else here.
    return np.maximum(starts.searchsorted(places, side="right") - 1, 0)


_CUES = {aspect: either(cues) for aspect, cues in LEXICON["aspects"].items()}
ASPECTS: Final = tuple(_CUES)
# Here and below a repetition gives nothing back, for nothing that follows could use it, and one that may begin anywhere
# in a run is short: or each place of a long run would be tried with each other.
_CLAUSE = re.compile(
    r"""[;:—–()…] | \s-++\s | \.\.\.
    | (?:,\s++|\s{1,20}+)(?=(?:although|apart\ from|but|despite|even\ (?:if|though)|except|however|pity|shame|though
      |whereas|while|yet)\b)
    | ,\s++(?=(?:a|and|as|because|he|her|his|i|if|it|its|no|nor|not|she|so|the|then|there|they|we|when|where|which|who
      |with|you)\b)""",
    re.VERBOSE,
)
# A full name that is then said to be or to do something: so people speak of acting without naming it.
_PERFORMER = re.compile(
    r"""\b(?!(?:A|After|All|An|And|As|At|Because|Before|Best|But|Each|Even|Every|For|From|Good|Great|He|Her|His|How|I|If|In|It
      |Its|My|No|Not|Of|On|One|Poor|She|So|That|The|Then|There|They|This|To|We|What|When|Who|Why|With)\b)
    [A-Z][\w.'’-]{1,40}+(?<=[a-z.])\ (?:(?:[Dd]e|[Vv]an|[Dd]el|[A-Z]\.)\ )?[A-Z][\w-]{1,40}+
    (?:(?:\ and|,)\ [A-Z][^.,;:!?]{1,30}|,\ [^.,;:!?]{1,40},|\ (?:as|in)\ [^.,;:!?]{1,40})?,?
    (?:\ (?:also|again|alone|especially|every\ bit|herself|himself|in\ particular|just|really|simply|too|truly)){0,3}
    \ (?:are|brings?|can't|deserve[sd]?|did|does|gave|gives?|had|has\ never|is|looks?|makes?|matches|overacts?|shines?
      |steals?|was|were|works)\b(?!\ (?:a|an|the)\ (?:composer|director|film|movie|picture))""",
    re.VERBOSE,
)
# Whoever is named beside these is no performer.
_CREW = re.compile(r"\b(?:composers?|direct\w*|music|photograph\w*|scores?|screenplay|scripts?)\b")
