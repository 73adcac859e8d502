"""Log who signed in and out, who failed to, and who set a new password.

What was typed is never logged, be it a name: it may be a password.
"""

import logging
from typing import Any

from allauth.account.signals import password_changed, password_reset
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authentication_failed, authenticator_added, authenticator_removed
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.dispatch import receiver
from django.http import HttpRequest

from textflix.members.addresses import client_address
from textflix.members.models import User
from textflix.members.names import named
from textflix.members.staff import note_activity

logger = logging.getLogger(__name__)


def _log(event: str, user: User | None, request: HttpRequest | None, level: int = logging.INFO) -> None:
    origin = client_address(request) if request else "this machine"
    logger.log(level, "member %s: %s from %s", user.pk if user else None, event, origin)


def log_failure(event: str, credentials: dict[str, Any], request: HttpRequest | None) -> None:
    login = credentials.get("username") or credentials.get("email") or ""
    _log(event, named(login), request, logging.WARNING)


@receiver(user_logged_in)
def logged_in(user: User, request: HttpRequest, **kwargs: Any) -> None:
    note_activity(request)
    _log("signed in", user, request)


@receiver(user_login_failed)
def failed_to_log_in(credentials: dict[str, Any], request: HttpRequest | None = None, **kwargs: Any) -> None:
    log_failure("failed to sign in", credentials, request)


@receiver(authentication_failed)
def wrong_code(user: User, request: HttpRequest, **kwargs: Any) -> None:
    _log("gave a wrong code", user, request, logging.WARNING)


@receiver(user_logged_out)
def logged_out(user: User | None, request: HttpRequest, **kwargs: Any) -> None:
    _log("signed out", user, request)


@receiver(password_changed)
@receiver(password_reset)
def new_password(user: User, request: HttpRequest, **kwargs: Any) -> None:
    _log("set a new password", user, request)


@receiver(authenticator_added)
def second_factor_added(user: User, request: HttpRequest, authenticator: Authenticator, **kwargs: Any) -> None:
    _log(f"set up {authenticator.get_type_display()}", user, request)


@receiver(authenticator_removed)
def second_factor_removed(user: User, request: HttpRequest, authenticator: Authenticator, **kwargs: Any) -> None:
    _log(f"removed {authenticator.get_type_display()}", user, request)
