"""How sure a share is: the Wilson score interval (Wilson 1927), which stays honest for a handful of reviews."""

from math import sqrt
from typing import Final

Z: Final = 1.96
LOVED, DIVIDED_LOW = 0.55, 0.15
"""Lower ends of intervals: from so high a share positive a film is called loved, and from so high a share of the
smaller side, divisive."""


def lower_bound(count: int, of: int) -> float:
    """Return the lower end of the interval at 95 % around the share `count / of`."""
    share = count / of
    return (share + Z**2 / (2 * of) - Z * sqrt((share * (1 - share) + Z**2 / (4 * of)) / of)) / (1 + Z**2 / of)
