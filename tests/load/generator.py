"""Seeded reviews in bulk, for what only shows with many rows. Their words mean nothing."""

import random
from collections.abc import Iterator, Sequence
from datetime import timedelta
from functools import lru_cache

import numpy as np
from django.utils.timezone import now

from sentiment.bulk.reviews import Row
from sentiment.core.critic.aspects import ASPECTS
from sentiment.core.critic.evidence import Sentence
from sentiment.core.critic.marks import MOST, Mark
from sentiment.core.critic.mentions import Mention
from sentiment.core.critic.scorer import Prediction
from sentiment.core.text import sentence_spans

SEED, DAYS = 7, 730
LOVED_FILMS, LOVED_REVIEWS = 12, 10
LOVED = "Loved it. "
"""So many films have so many reviews that begin so and read well: shelves are full however many reviews there are."""
DIFFERENT = 2_000
"""So many texts there are: making others for hundreds of thousands of reviews would take longer than storing them."""
WORDS = ["the", "film", "story", "cast", "plot", "music", "slow", "warm", "dull", "sharp", "funny", "long", "strange"]


def rows(count: int, imdb_ids: Sequence[str], *, crowded: int) -> Iterator[Row]:
    """`count` reviews of about 200 words: the first `crowded` of the first film, then those of the loved films, the
    rest of the other films, drawn at random."""
    chance, others = random.Random(SEED), imdb_ids[1 + LOVED_FILMS :]
    texts = [_text(chance) for _ in range(DIFFERENT)]
    for number in range(count):
        text, film, after = chance.choice(texts), chance.choice(others), number - crowded
        if after < 0:
            film = imdb_ids[0]
        elif after < LOVED_FILMS * LOVED_REVIEWS:
            text, film = LOVED + text, imdb_ids[1 + after // LOVED_REVIEWS]
        stars, written = chance.choice([None, *range(1, 11)]), now() - timedelta(days=number % DAYS)
        yield Row(film, f"generated/{number}", text, stars=stars, written_at=written)


def _text(chance: random.Random) -> str:
    sentences = (" ".join(chance.choices(WORDS, k=14)).capitalize() + "." for _ in range(chance.randint(4, 24)))
    return " ".join(sentences)


_spans = lru_cache(2 * DIFFERENT)(sentence_spans)


def prediction(text: str, chance: random.Random) -> Prediction:
    """What a critic might say of this text: a random score, but for loved films, with shares that add up to it.

    Up to three sentences, drawn at random, are marked.
    """
    positive = 0.9 if text.startswith(LOVED) else chance.random()
    sentences = tuple(Sentence(start, end, chance.gauss(0, 1), True) for start, end in _spans(text))
    bias = 0.1
    logit = bias + sum(sentence.share for sentence in sentences)
    mentions = tuple(
        Mention(position, chance.choice(ASPECTS), chance.random()) for position in range(0, len(sentences), 4)
    )
    drawn = chance.sample(range(len(sentences)), min(MOST, len(sentences)))
    marks = tuple(Mark(position, positive > 0.5, abs(sentences[position].share)) for position in drawn)
    return Prediction(positive, "critic", positive, logit, bias, sentences, mentions, marks, np.zeros(384, np.float16))
