"""Log who signed in and out or set a new password. Failures are logged without what was typed: it may be a password."""

import logging
from typing import Any

from allauth.account.signals import password_changed, password_reset
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.dispatch import receiver
from django.http import HttpRequest

from textflix.members.models import User

logger = logging.getLogger(__name__)


def _log(event: str, user: User | None, request: HttpRequest | None) -> None:
    logger.info("member %s: %s from %s", user.pk if user else None, event, request and request.META.get("REMOTE_ADDR"))


@receiver(user_logged_in)
def logged_in(user: User, request: HttpRequest, **kwargs: Any) -> None:
    _log("signed in", user, request)


@receiver(user_logged_out)
def logged_out(user: User | None, request: HttpRequest, **kwargs: Any) -> None:
    _log("signed out", user, request)


@receiver(password_changed)
@receiver(password_reset)
def new_password(user: User, request: HttpRequest, **kwargs: Any) -> None:
    _log("set a new password", user, request)
