import io
import logging

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher


class CountingHasher(MD5PasswordHasher):
    """Quick, and says how often a password was hashed: what takes the time of a sign-in."""

    hashed = 0

    def encode(self, password, salt):
        CountingHasher.hashed += 1
        return super().encode(password, salt)


@pytest.fixture
def hashes(settings, quick_passwords):
    """Tell how many passwords were hashed since the last time."""
    settings.PASSWORD_HASHERS = ["tests.members.conftest.CountingHasher"]

    def since_last_time():
        count, CountingHasher.hashed = CountingHasher.hashed, 0
        return count

    return since_last_time


@pytest.fixture
def log():
    """The site's log as it is written."""
    console = next(handler for handler in logging.getLogger().handlers if type(handler) is logging.StreamHandler)
    text = io.StringIO()
    before = console.setStream(text)
    yield text
    console.setStream(before)
