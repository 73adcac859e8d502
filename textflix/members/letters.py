import contextlib
import logging
import os
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

logger = logging.getLogger(__name__)


class FolderBackend(BaseEmailBackend):
    """Put letters into a folder that only its owner can read, for a site that has nobody to send them.

    They hold links that open accounts, so the log says only where they are.
    """

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        folder = Path(settings.LETTERS_DIR)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for message in email_messages:
            path = folder / f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{uuid4().hex[:8]}.eml"
            with open(path, "xb", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
                file.write(message.message().as_bytes())
            logger.info("a letter was written to %s", path)
        _drop_outdated(folder)
        return len(email_messages)


def _drop_outdated(folder: Path) -> None:
    """Forget letters whose links have run out, each time that one is written."""
    oldest = time.time() - timedelta(days=settings.ACCOUNT_EMAIL_CONFIRMATION_EXPIRE_DAYS).total_seconds()
    for letter in folder.glob("*.eml"):
        with contextlib.suppress(FileNotFoundError):  # another thread drops them, too
            if letter.stat().st_mtime < oldest:
                letter.unlink()
