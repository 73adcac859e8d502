import pytest


@pytest.fixture(autouse=True)
def choices_are_counted_anew(empty_cache: None) -> None:
    """What films can be narrowed to is cached."""
