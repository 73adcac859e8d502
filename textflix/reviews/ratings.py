def half_stars(rating: int) -> str:
    """Draw a rating of 1 to 10 half stars: 7 is ★★★½."""
    return "★" * (rating // 2) + "½" * (rating % 2)
