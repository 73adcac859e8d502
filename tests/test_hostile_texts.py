"""No text stalls the site: whatever looks at one takes a time that grows with its length, and no faster."""

import importlib
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from django.core.exceptions import ValidationError

from sentiment.bulk.files import ReadError, file_row
from sentiment.core.corpus.duplicates import sketch
from sentiment.core.critic.aspects import TokenLogits
from sentiment.core.critic.bases import resolve_base
from sentiment.core.critic.encoding import TextEncoder
from sentiment.core.critic.evidence import Sentence
from sentiment.core.critic.mentions import find_mentions
from sentiment.core.critic.scorer import Scorer
from sentiment.core.text import clean, sentence_spans, without_runs
from sentiment.core.training.nb_svm import words
from sentiment.core.words.judging import judge as judge_words
from sentiment.core.words.judging import why_unread
from sentiment.core.words.ratings import stated_ratings
from sentiment.pages.critic_views import TryForm
from sentiment.pages.marked_text import Said, marked_text
from tests.hostile import assert_all_harmless, grows, runs
from textflix.reviews.feeds import FilmFeed
from textflix.reviews.forms import ReviewForm
from textflix.reviews.models import Review

HOUSE = Path(__file__).parents[1]
N = 10_000
WHOLE = {
    "bases._HUB_ID",
    "aclimdb._IMDB_ID",
    "aclimdb._REVIEW",
    "aclimdb._URLS",
    "film_list.STARS",
    "files.NAME_SUFFIX",
}
"""Patterns that a whole name or value must match, and that search no text."""


def patterns() -> Iterator[tuple[str, re.Pattern[str]]]:
    """Every compiled pattern of the house, with the name it has in its module."""
    for path in sorted([*HOUSE.glob("sentiment/**/*.py"), *HOUSE.glob("textflix/**/*.py")]):
        if "migrations" in path.parts or "re.compile(" not in path.read_text():
            continue
        module = importlib.import_module(".".join(path.relative_to(HOUSE).with_suffix("").parts))
        for name, value in vars(module).items():
            for pattern in _patterns_in(value):
                yield f"{path.stem}.{name}", pattern


def _patterns_in(value: object) -> Iterator[re.Pattern[str]]:
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _patterns_in(each)
    elif isinstance(value, tuple | list):
        for each in value:
            yield from _patterns_in(each)


PATTERNS = [pytest.param(name, pattern, id=f"{name}-{i}") for i, (name, pattern) in enumerate(patterns())]


@pytest.mark.parametrize(("name", "pattern"), PATTERNS)
def test_every_pattern_takes_a_time_that_grows_with_the_text(name: str, pattern: re.Pattern[str]) -> None:
    def work(text: str) -> object:
        text = text.encode(errors="replace") if isinstance(pattern.pattern, bytes) else text
        return pattern.fullmatch(text) if name in WHOLE else [match.end() for match in pattern.finditer(text)]

    assert slow(work) == {}


def slow(work) -> dict[str, float]:
    """Which runs take more than six times as long where they are four times as long, and how many times."""
    growth = {unit: grows(work, run, runs(4 * N)[unit]) for unit, run in runs(N).items()}
    return {unit: times for unit, times in growth.items() if times > 6}


def as_one_sentence(text: str) -> list[Sentence]:
    return [Sentence(0, len(text), 1.0, True)]


def as_it_is_parted(text: str) -> list[Sentence]:
    return [Sentence(start, end, 1.0, True) for start, end in sentence_spans(text)]


def judge(text: str, sentences: list[Sentence]) -> object:
    starts = np.arange(0, len(text), 4)
    return find_mentions(text, sentences, TokenLogits(starts, np.ones(len(starts))))


def mark(text: str, sentences: list[Sentence], share: float | None = 1.0) -> object:
    marked = {} if share is None else {"mark": 1, "sign": "+", "effect": 1.0}
    kept = [{"start": each.start, "end": each.end, "share": share, **marked} for each in sentences]
    said = {each.start: [Said("story", True, "/film/f/why/story/")] for each in sentences}
    return marked_text(text, kept, "s1", said, fold=True)


def refuse_or_take(work, text: str) -> object:
    try:
        return work(text)
    except (ValidationError, ReadError):
        return None


def import_row(text: str) -> object:
    return file_row({"imdb_id": "tt0000001", "text": text}, HOUSE, 1)


LOOPS = {
    "clean": clean,
    "why_unread": why_unread,
    "stated_ratings": lambda text: list(stated_ratings(text)),
    "judge a few words": lambda text: judge_words(text.replace(" ", ""), 0.5),
    "without_runs": without_runs,
    "sentence_spans": sentence_spans,
    "judge one sentence": lambda text: judge(text, as_one_sentence(text)),
    "judge all sentences": lambda text: judge(text, as_it_is_parted(text)),
    "mark one sentence": lambda text: mark(text, as_one_sentence(text)),
    "mark all sentences": lambda text: mark(text, as_it_is_parted(text)),
    "mark what was not read": lambda text: mark(text, as_it_is_parted(text), None),
    "mark every few letters": lambda text: mark(text, [Sentence(i, i + 9, 1, True) for i in range(0, len(text), 20)]),
    "review form": lambda text: refuse_or_take(ReviewForm.base_fields["text"].clean, text),
    "try form": lambda text: refuse_or_take(TryForm.base_fields["text"].clean, text),
    "feed": lambda text: FilmFeed().item_description(Review(text=text)),
    "near-duplicates": sketch,
    "words of NB-SVM": words,
    "import": lambda text: refuse_or_take(import_row, text[: Review.MAX_LENGTH]),
}


@pytest.mark.parametrize("name", LOOPS)
def test_every_loop_takes_a_time_that_grows_with_the_text(name: str) -> None:
    assert slow(LOOPS[name]) == {}


def test_the_tokenizer_takes_a_time_that_grows_with_the_text() -> None:
    encoder = TextEncoder(resolve_base("minilm").folder, 384)
    assert slow(lambda text: encoder.encode([text])) == {}


def test_five_hundred_hostile_texts_do_no_harm(tiny_scorer: Scorer) -> None:
    assert_all_harmless(500, tiny_scorer)
