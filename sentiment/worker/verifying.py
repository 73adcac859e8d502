"""Answering the promotions that are asked for: a version serves once it has been loaded and has read a text."""

from django.db import Error

from sentiment.models import Promotion
from sentiment.versions.promotion import accept, refuse
from sentiment.worker.giving_back import give_back
from sentiment.worker.heartbeat import still_here
from sentiment.worker.scorers import reason_of, verify


def answer_asked() -> int:
    """Verify the versions that are to serve, in the order in which they were asked for; returns how many.

    A fault of the database is raised, and held against no version.
    """
    for died in Promotion.objects.asked().exhausted():
        refuse(died, f"Its worker died {died.attempts} times while verifying it.")
    answered = 0
    while keys := Promotion.objects.asked().order_by("pk").claim(1):
        promotion = Promotion.objects.select_related("version", "by").get(pk=keys[0])
        try:
            still_here()
            _answer(promotion)
        except Error:
            give_back(Promotion, keys, promotion.leased_until)
            raise
        answered += 1
    return answered


def _answer(promotion: Promotion) -> None:
    try:
        verify(promotion.version)
    except Exception as error:
        refuse(promotion, reason_of(error))
    else:
        accept(promotion)
