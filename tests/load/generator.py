"""Seeded reviews in bulk, for what only shows with many rows. Their words mean nothing."""

import random
from collections.abc import Iterator, Sequence

import numpy as np

from sentiment.core.aspects import ASPECTS, Mention
from sentiment.core.evidence import Sentence
from sentiment.core.scorer import Prediction
from sentiment.core.text import sentence_spans
from sentiment.importing import Row

SEED = 7
WORDS = ["the", "film", "story", "cast", "plot", "music", "slow", "warm", "dull", "sharp", "funny", "long", "strange"]


def rows(count: int, imdb_ids: Sequence[str], *, crowded: int) -> Iterator[Row]:
    """`count` reviews of about 200 words: the first `crowded` of the first film, the rest of films drawn at random."""
    chance = random.Random(SEED)
    for number in range(count):
        sentences = (" ".join(chance.choices(WORDS, k=14)).capitalize() + "." for _ in range(chance.randint(4, 24)))
        film = imdb_ids[0] if number < crowded else chance.choice(imdb_ids)
        yield Row(film, f"generated/{number}", " ".join(sentences), stars=chance.choice([None, *range(1, 11)]))


def prediction(text: str, chance: random.Random) -> Prediction:
    """What a critic might say of this text: a random score with shares that add up to it."""
    positive = chance.random()
    sentences = tuple(Sentence(start, end, chance.gauss(0, 1), True) for start, end in sentence_spans(text))
    bias = 0.1
    logit = bias + sum(sentence.share for sentence in sentences)
    mentions = tuple(
        Mention(position, chance.choice(ASPECTS), chance.random()) for position in range(0, len(sentences), 4)
    )
    return Prediction(positive, logit, bias, sentences, mentions, np.zeros(384, np.float16))
