from typing import Any

from django.contrib.messages.storage import session
from django.contrib.messages.storage.base import Message
from django.http import HttpResponse


class SessionStorage(session.SessionStorage):
    """Keeps messages with the session, not in a cookie, and ends a session that was there for them alone.

    Whoever signs out is told so and is a visitor again: without a session, and so with the pages that visitors share.
    """

    def _store(self, messages: list[Message], response: HttpResponse, *args: Any, **kwargs: Any) -> list[Message]:
        left: list[Message] = super()._store(messages, response, *args, **kwargs)  # type: ignore[misc]
        if not messages and not self.request.session.keys():
            self.request.session.flush()
        return left
