"""allauth's forms, where they would tell strangers which addresses are known, or members too little."""

from typing import Any

from allauth.account import forms
from allauth.account.adapter import get_adapter
from django.http import HttpRequest

from textflix.members.models import User


class LoginForm(forms.LoginForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].help_text = "Your name, or your address once it is confirmed."


class SignupForm(forms.SignupForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].help_text = "To sign in by it, too, open the link that is sent there."

    def validate_unique_email(self, value: str) -> str:
        """Take an address that somebody else has, too: the account is made, and only its letter differs.

        Were none made, its page and its name, which stays free, would tell. Without that letter nobody gets in, and
        the address stays its owner's.
        """
        return get_adapter().validate_unique_email(value)


class ResetPasswordForm(forms.ResetPasswordForm):
    users: list[User]

    def clean_email(self) -> str:
        """Write one letter, as to an unknown address: to the address's owner, or to the oldest account that gave it."""
        email = super().clean_email()
        self.users = sorted(self.users, key=lambda user: user.pk)[:1]
        return email

    def save(self, request: HttpRequest, **kwargs: Any) -> str:
        """Do as much for an address that nobody has as for one that somebody has."""
        if not self.users:
            forms.default_token_generator.make_token(User(pk=0))
        return super().save(request, **kwargs)
