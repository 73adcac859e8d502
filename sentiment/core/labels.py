"""Label names, their order, and what a probability is called: once, for everyone."""

from typing import Final

LABELS: Final = ("negative", "positive")
"""Names in the order of their integer labels: negative is 0, positive is 1."""

POSITIVE_ABOVE: Final = 0.6
NEGATIVE_BELOW: Final = 0.4


def verdict(positive: float) -> str:
    """Name a probability of positive (0 to 1): "positive" above 0.6, "negative" below 0.4, "unsure" between."""
    if positive > POSITIVE_ABOVE:
        return "positive"
    if positive < NEGATIVE_BELOW:
        return "negative"
    return "unsure"
