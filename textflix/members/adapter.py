import logging
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme

from textflix.members import devices
from textflix.members.addresses import client_address
from textflix.members.audit import log_failure
from textflix.members.models import User
from textflix.members.requests import MemberRequest

logger = logging.getLogger(__name__)


class AccountAdapter(DefaultAccountAdapter):
    error_messages = DefaultAccountAdapter.error_messages | {
        "username_taken": "That name is taken.",
        "too_many_login_attempts": (
            "There were too many wrong passwords. Wait a few minutes, or follow “Forgot your password?”: "
            "the link in that letter signs you in at once."
        ),
    }

    def is_safe_url(self, url: str) -> bool:
        """Return whether a redirect stays within this site.

        Other hosts that the site answers to, or trusts for forms, are elsewhere.
        """
        return url_has_allowed_host_and_scheme(
            url, allowed_hosts={context.request.get_host()}, require_https=context.request.is_secure()
        )

    def get_client_ip(self, request: HttpRequest) -> str:
        return client_address(request)

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        try:
            super().pre_authenticate(request, **credentials)
        except ValidationError:
            log_failure("was refused after too many wrong passwords", credentials, request)
            raise

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Count wrong passwords by name, but for those who were let in before with a count of their own."""
        key = super()._get_login_attempts_cache_key(request, **credentials)
        login = credentials.get("username") or credentials.get("email") or ""
        if request.user.is_authenticated:
            return f"{key}:member {request.user.pk}"
        if device := devices.known(request, login):
            return f"{key}:device {device}"
        return key

    def pre_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse | None:
        """Turn demo members away: every way in passes here, be it password, reset link or second factor."""
        if user.is_demo:
            return redirect("account_inactive")
        return super().pre_login(request, user, **kwargs)

    def post_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse:
        response = super().post_login(request, user, **kwargs)
        devices.remember(response, user)
        return response

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send a letter, and go on where that fails: what it tells of has happened, and it can be asked for again.

        Of the error only its kind is logged: smtplib's own name addresses.
        """
        try:
            super().send_mail(template_prefix, email, context)
        except OSError as error:
            logger.error("a letter could not be sent: %s", type(error).__name__)

    def send_confirmation_mail(self, request: HttpRequest, emailconfirmation: Any, signup: bool) -> None:
        """Ask whoever has the address to confirm it; where it is somebody's already, tell them instead."""
        address = emailconfirmation.email_address
        if address.can_set_verified():
            super().send_confirmation_mail(request, emailconfirmation, signup)
        else:
            self.send_account_already_exists_mail(address.email)

    def get_reauthentication_methods(self, user: User) -> list[dict[str, Any]]:
        """Ask for the second factor where there is one: who knows the password alone must not be able to remove it."""
        methods = super().get_reauthentication_methods(user)
        return [method for method in methods if method["id"].startswith("mfa")] or methods

    def get_password_change_redirect_url(self, request: MemberRequest) -> str:
        return request.user.get_absolute_url()
