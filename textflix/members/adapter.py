from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme

from textflix.members.models import User
from textflix.members.requests import MemberRequest


class AccountAdapter(DefaultAccountAdapter):
    error_messages = DefaultAccountAdapter.error_messages | {"username_taken": "That name is taken."}

    def is_safe_url(self, url: str) -> bool:
        """Return whether a redirect stays within this site.

        Other hosts that the site answers to, or trusts for forms, are elsewhere.
        """
        return url_has_allowed_host_and_scheme(
            url, allowed_hosts={context.request.get_host()}, require_https=context.request.is_secure()
        )

    def pre_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse | None:
        """Turn demo members away: every way in passes here, be it password, reset link or second factor."""
        if user.is_demo:
            return redirect("account_inactive")
        return super().pre_login(request, user, **kwargs)

    def get_password_change_redirect_url(self, request: MemberRequest) -> str:
        return request.user.get_absolute_url()
