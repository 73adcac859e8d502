"""Answering the promotions that are asked for: a version serves once it has been loaded and has read a text."""

from sentiment.models import Promotion
from sentiment.versions.promotion import accept, refuse
from sentiment.worker.scorers import in_words, verify


def answer_asked() -> int:
    """Verify the versions that are to serve, in the order in which they were asked for; returns how many."""
    for died in Promotion.objects.asked().exhausted():
        refuse(died, f"Its worker died {died.attempts} times while verifying it.")
    answered = 0
    while keys := Promotion.objects.asked().order_by("pk").claim(1):
        promotion = Promotion.objects.select_related("version", "by").get(pk=keys[0])
        try:
            verify(promotion.version)
        except Exception as error:
            refuse(promotion, in_words(error))
        else:
            accept(promotion)
        answered += 1
    return answered
