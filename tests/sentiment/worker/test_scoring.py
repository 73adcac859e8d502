"""Every review is read once in its present text, whatever happens on the way, and the film follows."""

import threading
import time
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from sentiment.core.critic.scorer import Scorer
from sentiment.models import ModelVersion, MovieSentiment, Reading, Score, ScoreRequest
from sentiment.versions.promotion import promote, roll_back
from sentiment.worker import score_requests, scoring
from sentiment.worker.scorers import Chosen, scorer_for
