"""What may be claimed of a film in words: the one rule for its page, cards, lists, picture and descriptions.

A word or an aspect is claimed for what its 95 % Wilson interval says, not for its point: two to one is no majority that
anybody should be told of.
"""

from typing import Final

from sentiment.models import MovieSentiment
from textflix.intervals import LOVED, lower_bound

ENOUGH: Final = 5
"""Under so many judged reviews a film's share says too little to be put in words."""
ENOUGH_OF_ASPECT: Final = 4
"""Under so many judgements nothing is claimed of an aspect."""
MAJORITY: Final = 0.5
PROBABLY: Final = 0.6
"""So large a share is said to be probable where its interval still holds one half."""


def side_of_aspect() -> str:
    """Return the SQL of an aspect's side, by the columns `judged`, `praise_low` and `criticism_low`."""
    return f"""
        CASE WHEN judged < {ENOUGH_OF_ASPECT} THEN ''
             WHEN praise_low > {MAJORITY} THEN 'praised'
             WHEN criticism_low > {MAJORITY} THEN 'faulted'
             ELSE '' END"""


def aspects_of_film() -> str:
    """Return the SQL joins that give a row `movie` its `praised` and `faulted`: aspect, by how many, of how many.

    The aspect of the surest side stands for a side: nine of ten say more than four of four. A film that is loved is not
    introduced by a fault alone.
    """

    def surest(side: str, count: str, low: str, where: str) -> str:
        return f"""
        LEFT JOIN LATERAL (
            SELECT stored.aspect, stored.{count} AS by, stored.positive + stored.negative AS of
            FROM sentiment_movieaspect AS stored
            WHERE stored.movie_id = movie.id AND stored.side = '{side}'
            ORDER BY stored.{low} DESC, stored.aspect LIMIT 1
        ) AS {side} ON {where}"""  # noqa: S608  written here, not given by anybody

    enough = f"figures.positive + figures.negative + figures.unsure >= {ENOUGH}"
    introduced = f"(figures.low < {LOVED} OR praised.aspect IS NOT NULL)"
    return (
        "LEFT JOIN sentiment_moviesentiment AS figures ON figures.movie_id = movie.id"
        + surest("praised", "positive", "praise_low", enough)
        + surest("faulted", "negative", "criticism_low", f"{enough} AND {introduced}")
    )


def word_for(sentiment: MovieSentiment) -> str:
    """Return the word in front of a film's counts, by this rule, where the first that holds decides.

    Too few to tell: under five judged. Loved: even the interval's lower end is 55 % positive. Liked, Disliked, Hard to
    tell: the whole interval of the share positive, negative or unsure is above one half. Probably so: the share is at
    least 60 %, and the interval holds one half. Divided: all else.
    """
    judged = sentiment.judged
    if not judged:
        return ""
    if judged < ENOUGH:
        return "Too few to tell"
    if sentiment.low is not None and sentiment.low >= LOVED:
        return "Loved"
    sides = (
        (sentiment.positive, "Liked", "Probably liked"),
        (sentiment.negative, "Disliked", "Probably disliked"),
        (sentiment.unsure, "Hard to tell", "Hard to tell"),
    )
    for count, surely, probably in sides:
        if lower_bound(count, judged) > MAJORITY:
            return surely
        if count / judged >= PROBABLY:
            return probably
    return "Divided"
