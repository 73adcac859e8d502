"""What shows several apps at once: each page here may ask all of them, and none of them knows it."""
