"""Texts that stall or swell what reads them carelessly, and what may never come of one."""

import time
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from random import Random
from typing import Any

from django.core.exceptions import ValidationError

from sentiment.core.critic.scorer import Prediction, Scorer
from sentiment.core.words.judging import why_unread
from sentiment.pages.marked_text import TOLD, Said, marked_text, marks_of
from sentiment.worker.scorers import sentences_of
from textflix.reviews.forms import ReviewForm
from textflix.reviews.models import Review
from textflix.reviews.seen import seen

UNITS = (
    # White space and line ends, alone and beside what makes something of them.
    *(" ", "\n", " \n", "\r\n", "\t", "\u2028", "\u2029", "\u00a0", "\x0b"),
    *(", ", " - ", " --", "x  ", " but", ",  and ", "a" + " " * 70),
    # Markup and entities, whole and begun.
    *("<br />", "<br", "<br ", "&", "&amp;", "&nbsp;", "&#1;", "&#x10ffff;", "&notit;", "<", "<mark>", "</p>"),
    # Punctuation that may end a sentence, or begin and never end a quotation.
    *(".", "...", "?!", "…", "!", "-", "—", "'", '"', "“", "”", "«", "‘", "(", ")", "[", "{", ";", "*"),
    *("“‛《", "《‚‹", "‟「"),
    *("。", "。”", "\\", "Mr. ", "J. ", "e.g. ", "A. ", "a. ", "B.", "Bb.", "a.b", "1. ", '"Hi." ', "(a. "),
    *("a.\n", "a\n", "a\n\n", "Good. ", "电影。"),
    # Words that name, praise, fault, deny, or are people.
    *("plot ", "plot music ", "Plot. ", "Music is good. ", "good ", "not good ", "never  ", "no real "),
    *("my one ", "as a ", "minutes ", "looks ", "the first cast ", "final "),
    *("Aa ", "Aa Bb ", "Aa Bb, Cc ", "Aa Bb in x also ", "Tom-Tom's "),
    # Letters without end, marks that combine, what is drawn as one or not at all.
    *("a", "ab", "İ", "ﬃ", "\u0301", "\u0316\u0301", "e\u0301", "😀", "👩\u200d", "🇬", "\u200b"),
    *("\u200b\n\n", "\u202e", "\ufeff", "\x01", "\x85", "\ud800", "\uffff"),
    *("فيلم ", "ภาพ", "映画", "한국어 ", "http://a.b/", "a@b.c "),
)
HEADS = ("", "The plot is good ", "plot but", "Aa Bb", "<br", "not", "\n", '"', "Good film, ")
TAILS = ("", "x", ".", " is good.", ">", ";", "\n", '"', "!")
SECONDS = 1.0
"""So much of a processor's time a text may take from the form to the page: several times what the worst takes."""
TOO_LONG = 21_000


def runs(length: int) -> dict[str, str]:
    """Each unit repeated up to a length, after words that let the critic look closely, and with a tail that ends it."""
    return {unit: f"The plot is good {unit * (length // len(unit))}x" for unit in UNITS}


def hostile_texts(count: int, seed: int = 0) -> Iterator[str]:
    """Yield as many texts, the same ones for a seed: of one unit, of several, of characters drawn from everywhere."""
    chance = Random(seed)
    for _ in range(count):
        length = TOO_LONG if chance.random() < 0.02 else int(10 ** chance.uniform(1.3, 4.3))
        parts: list[str] = []
        while sum(map(len, parts)) < length:
            parts.append(_part(chance, min(length, int(10 ** chance.uniform(0.5, 4.3)))))
        yield "".join([chance.choice(HEADS), *parts])[: length - 1] + chance.choice(TAILS)


def _part(chance: Random, length: int) -> str:
    kind = chance.random()
    if kind < 0.5:
        unit = chance.choice(UNITS)
        return unit * (length // len(unit) + 1) + chance.choice(TAILS)
    if kind < 0.8:
        units = chance.sample(UNITS, chance.randint(2, 5))
        return "".join(chance.choices(units, k=length // 3 + 1))
    last = chance.choice((0x7F, 0x2FF, 0x2FFF, 0x10FFFF))
    return "".join(chr(chance.randint(1, last)) for _ in range(length))


def assert_all_harmless(count: int, scorer: Scorer, part: int = 0, parts: int = 1) -> None:
    """Try `count` texts, or of so many `parts` of them one."""
    for number, text in enumerate(hostile_texts(count)):
        if number % parts != part:
            continue
        try:
            assert_harmless(text, scorer)
        except Exception as error:
            raise AssertionError(f"text {number}, {text[:40]!r}… of {len(text)} characters: {error}") from error


def assert_harmless(text: str, scorer: Scorer) -> None:
    """Take a text the whole way: form, reading, what is kept of it, page. Nothing may fail, lag, swell or be lost."""
    started = time.process_time()
    taken, prediction, sentences, html = _go_the_whole_way(text, scorer)
    took = time.process_time() - started
    if took >= SECONDS:
        # The least of several tries, for a machine that is busy.
        took = min(_seconds(lambda text: _go_the_whole_way(text, scorer), text) for _ in range(3))
    assert took < SECONDS, f"{took:.1f} s"
    plain = text.replace("\r\n", "\n")
    assert (taken is None) == (len(plain) > Review.MAX_LENGTH or len(seen(plain)) < Review.MIN_LENGTH), "form"
    assert 0 <= prediction.critic <= 1
    places = [place for sentence in prediction.sentences for place in (sentence.start, sentence.end)]
    assert places == sorted(places)
    assert all(0 <= place <= len(text) for place in places)
    assert all(each.start < each.end for each in prediction.sentences)
    ends = [end for mark in marks_of(text, sentences, "s1", {}) for end in (mark.start, mark.end)]
    assert ends == sorted(ends)
    assert _without_space(shown_text(html)) == _without_space(text)
    assert len(html) < 6 * len(text) + 60_000, f"{len(html):,} characters of HTML"
    assert len(sentences) < 1_000, f"{len(sentences)} sentences are kept"


def _go_the_whole_way(text: str, scorer: Scorer) -> tuple[str | None, Prediction, list[dict[str, Any]], str]:
    taken = _taken_by_the_form(text)
    # A text may have come another way, and be longer or shorter than the form allows.
    # What is left unread is read here all the same: another text of its kind may not be.
    why_unread(text)
    (prediction,) = scorer.predict([text], everything=True)
    sentences = sentences_of(prediction)
    html = marked_text(text, sentences, "s1", _said(prediction), fold=True, more=len(prediction.mentions) > TOLD)
    return taken, prediction, sentences, html


def _taken_by_the_form(text: str) -> str | None:
    try:
        return ReviewForm.base_fields["text"].clean(text)
    except ValidationError:
        return None


def _said(prediction: Prediction) -> dict[int, list[Said]]:
    said: dict[int, list[Said]] = {}
    for mention in prediction.mentions[:TOLD]:
        start = prediction.sentences[mention.sentence].start
        said.setdefault(start, []).append(Said(mention.aspect, mention.positive > 0.5, "/film/f/why/plot/"))
    return said


def _without_space(text: str) -> str:
    return "".join(text.split())


class _Shown(HTMLParser):
    """What is left of a marked text without the site's own words: those for screen readers, tags, notes."""

    def __init__(self) -> None:
        super().__init__()
        self.text: list[str] = []
        self.inside: list[bool] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag != "br":
            words = {*(dict(attrs).get("class") or "").split()} & {"vh", "says", "help"}
            self.inside.append(bool(words) or tag == "summary")

    def handle_endtag(self, tag: str) -> None:
        self.inside.pop()

    def handle_data(self, data: str) -> None:
        if not any(self.inside):
            self.text.append(data)


def shown_text(html: str) -> str:
    """Return the author's characters of a marked text, which must be all of them."""
    parser = _Shown()
    parser.feed(html)
    parser.close()
    assert not parser.inside, "an element is not closed"
    return "".join(parser.text)


def grows(work: Callable[[str], object], small: str, big: str) -> float:
    """Return how many times as long `big` takes as `small`: the least of several tries, for a machine that is busy.

    What is over in a few milliseconds is taken for linear: at forty thousand characters a step for each pair of them
    takes a second.
    """
    long = short = float("inf")
    for _ in range(15):
        long = min(long, _seconds(work, big))
        if long < 0.01:
            return 0.0
        short = min(short, *(_seconds(work, small) for _ in range(2)))
        if long <= 6 * short:
            break
    return long / short


def _seconds(work: Callable[[str], object], text: str) -> float:
    started = time.process_time()
    work(text)
    return time.process_time() - started
