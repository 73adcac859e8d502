"""The models of what is read in reviews and said of them. Postgres is the truth.

Rows that hang on a review or a film leave with it by the database's own ON DELETE CASCADE (migrations): a row that is
written while its parent is being deleted is then removed too, instead of making the delete fail.
"""

from sentiment.models.disputes import Dispute
from sentiment.models.films import MovieAspect, MovieFigures, MovieSentiment
from sentiment.models.readings import AspectMention, By, Highlight, Judgement, Label, Reading, Score, Unread, Verdict
from sentiment.models.requests import ScoreRequest
from sentiment.models.versions import ModelVersion, Promotion, TrainingRun
from sentiment.models.workers import ScoringWorker

__all__ = [
    "AspectMention",
    "By",
    "Dispute",
    "Highlight",
    "Judgement",
    "Label",
    "ModelVersion",
    "MovieAspect",
    "MovieFigures",
    "MovieSentiment",
    "Promotion",
    "Reading",
    "Score",
    "ScoreRequest",
    "ScoringWorker",
    "TrainingRun",
    "Unread",
    "Verdict",
]
