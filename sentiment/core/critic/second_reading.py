"""Reads reviews once more without each of the few sentences that may be their first mark: what is it worth?

What context makes of a sentence is in the states of all others (docs/evidence.md, "Shares"), so that no free measure
tells what a verdict loses with it. Leaving it out does, and three readings a review are few enough to be made when
nothing else waits.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Final

from sentiment.core.critic import marks
from sentiment.core.critic.scorer import Prediction, Scorer

TRIED: Final = 3
"""So many sentences are left out, each by itself."""


def read_again(scorer: Scorer, texts: Sequence[str], predictions: Sequence[Prediction]) -> list[Prediction]:
    """Return the predictions with the marks that leaving sentences out makes of theirs; nothing else changes.

    What has one sentence or none to mark stays as it is, and so does a text whose middle was not read, because leaving
    something out would let unread words in.
    """
    tried = [(i, mark.sentence) for i, each in enumerate(predictions) if pays(each) for mark in each.ranked[:TRIED]]
    logits = scorer.logits([without(texts[i], predictions[i], {sentence}) for i, sentence in tried])
    effects: dict[int, dict[int, float]] = {}
    for (i, sentence), logit in zip(tried, logits.tolist(), strict=True):
        effects.setdefault(i, {})[sentence] = predictions[i].logit - logit
    return [_marked_anew(each, effects[i]) if i in effects else each for i, each in enumerate(predictions)]


def pays(prediction: Prediction) -> bool:
    """Whether a second reading may change the marks."""
    return len(prediction.ranked) > 1 and all(sentence.read for sentence in prediction.sentences)


def without(text: str, prediction: Prediction, dropped: Collection[int]) -> str:
    """Return the text without some of its sentences."""
    kept, end = "", 0
    for position, sentence in enumerate(prediction.sentences):
        if position in dropped:
            kept += text[end : sentence.start]
            end = sentence.end
    return kept + text[end:]


def _marked_anew(prediction: Prediction, effects: dict[int, float]) -> Prediction:
    ranked = marks.again(prediction.ranked, effects)
    positive = 0.5 if prediction.positive is None else prediction.positive
    return replace(prediction, ranked=ranked, marks=marks.choose(ranked, prediction.sentences, positive))
