"""How sure a share is: the Wilson score interval (Wilson 1927), which stays honest for a handful of reviews."""

from math import sqrt
from typing import Final, Literal

Z: Final = 1.959963984540054
"""The normal distribution's two-sided 95 %."""
LOVED, DIVIDED_LOW = 0.55, 0.15
"""Lower ends of intervals: from so high a share positive a film is called loved, and from so high a share of the
smaller side, divisive."""


def lower_bound(count: int, of: int) -> float:
    """Return the lower end of the interval around the share `count / of`."""
    share = count / of
    return (share + Z**2 / (2 * of) - Z * sqrt((share * (1 - share) + Z**2 / (4 * of)) / of)) / (1 + Z**2 / of)


def bound_in_sql(count: str, of: str, end: Literal["lower", "upper"]) -> str:
    """Return the SQL of an end of the interval around `count / of`, two columns or whole numbers; NULL of none."""
    n = f"{of}::float8"
    share = f"({count} / {n})"
    centre = f"({share} + {Z**2} / (2 * {n}))"
    spread = f"{Z} * sqrt({share} * (1 - {share}) / {n} + {Z**2} / (4 * {n} * {n}))"
    bound = f"({centre} {'-' if end == 'lower' else '+'} {spread}) / (1 + {Z**2} / {n})"
    return f"CASE WHEN {of} > 0 THEN LEAST(1, GREATEST(0, {bound})) END"
