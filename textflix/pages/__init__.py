"""Pages that show several apps at once: each may ask all of them, and none of them knows it."""
