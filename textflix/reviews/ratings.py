"""Stars, kept as a whole number of half stars from 1 to 10: how they are read, drawn, and held against words."""

AT_ODDS = {"negative": range(7, 11), "positive": range(1, 5)}
"""Half stars that say otherwise than a verdict: from three and a half stars on they praise, up to two they fault."""


def in_half_stars(stars: float) -> int:
    """Return how many half stars so many stars are."""
    return round(2 * stars)


def as_stars(half_stars: int) -> str:
    """Draw half stars: 7 is ★★★½."""
    return "★" * (half_stars // 2) + "½" * (half_stars % 2)
