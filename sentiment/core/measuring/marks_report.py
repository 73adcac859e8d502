"""Measures marks: whether the strongest is one that readers call decisive, and how much of a text is marked."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np

from sentiment.core.corpus.data import DataError
from sentiment.core.critic.marks import effects_of
from sentiment.core.critic.scorer import Prediction
from sentiment.core.evaluation import wilson_interval

Spans = Sequence[Sequence[int]]
Choice = Callable[[Prediction], int]


def report(predictions: Sequence[Prediction], decisive: Sequence[Spans]) -> dict[str, Any]:
    """Compare the strongest mark, and what needs no learning, with the decisive sentences that readers named.

    Compared are the texts of which readers named one, if there are any; the marks of all are counted. JSON-safe; raises
    DataError without a text.
    """
    if not predictions:
        raise DataError("There is no text to mark.")
    found: dict[str, Any] = {"texts": len(predictions), "marked": marked(predictions)}
    known = [(p, spans) for p, spans in zip(predictions, decisive, strict=True) if spans and p.sentences]
    if not known:
        return found
    found["read_by_people"] = len(known)
    for name, choice in CHOICES.items():
        right = sum(_is_decisive(prediction, choice(prediction), spans) for prediction, spans in known)
        low, high = wilson_interval(right, len(known))
        found[name] = {"decisive": right / len(known), "low": low, "high": high}
    by_chance = [np.mean([_is_decisive(p, i, spans) for i in range(len(p.sentences))]) for p, spans in known]
    return found | {"random": {"decisive": float(np.mean(by_chance))}}


def marked(predictions: Sequence[Prediction]) -> dict[str, float]:
    """Say how many marks a review has, what part of its text, how often both signs, and how many chips contradict."""
    texts = [p for p in predictions if p.sentences and p.positive is not None]
    parts = [
        sum(_length(p, mark.sentence) for mark in p.marks) / max(1, sum(_length(p, i) for i in range(len(p.sentences))))
        for p in texts
    ]
    signs = [{mark.favourable for mark in p.marks} for p in texts]
    chips = [
        (mention.positive > 0.5) == mark.favourable
        for p in texts
        for mark in p.marks
        for mention in p.mentions
        if mention.sentence == mark.sentence
    ]
    return {
        "texts": len(texts),
        "marks": float(np.mean([len(p.marks) for p in texts])),
        "part": float(np.mean(parts)),
        "unmarked": float(np.mean([not p.marks for p in texts])),
        "both_signs": float(np.mean([len(each) == 2 for each in signs])),
        "contradicted": 1 - float(np.mean(chips)) if chips else 0.0,
    }


def _length(prediction: Prediction, position: int) -> int:
    return prediction.sentences[position].end - prediction.sentences[position].start


def _is_decisive(prediction: Prediction, position: int, spans: Spans) -> bool:
    sentence = prediction.sentences[position]
    return any(sentence.start < end and start < sentence.end for start, end in spans)


def _side(prediction: Prediction) -> int:
    return 1 if prediction.critic > 0.5 else -1


def _first_mark(prediction: Prediction) -> int:
    return prediction.marks[0].sentence if prediction.marks else 0


def _largest_share(prediction: Prediction) -> int:
    return int(np.argmax([_side(prediction) * sentence.share for sentence in prediction.sentences]))


def _largest_effect(prediction: Prediction) -> int:
    return int(np.argmax(_side(prediction) * effects_of(prediction.sentences)))


CHOICES: Final[Mapping[str, Choice]] = {
    "mark": _first_mark,
    "share": _largest_share,
    "effect": _largest_effect,
    "first": lambda prediction: 0,
    "last": lambda prediction: len(prediction.sentences) - 1,
}
"""What may be taken for the decisive sentence."""


def in_markdown(found: Mapping[str, Any]) -> str:
    """Write a report as tables."""
    lines: list[str] = []
    if "read_by_people" in found:
        lines += [f"{found['read_by_people']} texts of which readers named decisive sentences.", ""]
        lines += ["| the sentence | is one that readers call decisive |", "| --- | --- |"]
        for name in CHOICES:
            of = found[name]
            lines.append(f"| {name} | {of['decisive']:.1%} ({of['low']:.1%} to {of['high']:.1%}) |")
        lines += [f"| *random* | {found['random']['decisive']:.1%} |", ""]
    of = found["marked"]
    lines += [
        f"{found['texts']} texts: {of['marks']:.2f} marks a text, {of['part']:.1%} of it; both signs in "
        f"{of['both_signs']:.1%} of the texts, no mark in {of['unmarked']:.1%}; {of['contradicted']:.1%} of the chips "
        "contradict their mark.",
    ]
    return "\n".join(lines) + "\n"
