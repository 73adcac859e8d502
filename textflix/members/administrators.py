import secrets

from allauth.account.models import EmailAddress
from django.conf import settings
from django.db import transaction

from textflix.members.models import User
from textflix.running import embedded


@transaction.atomic
def make_administrator() -> User:
    """Make the first administrator, whose password is kept in a private file of the home folder.

    Their address was given by who runs the site, so it needs no letter to be confirmed. Raises ValidationError where
    the name or the address is none.
    """
    administrator = User(username=settings.ADMIN_USERNAME, email=settings.ADMIN_EMAIL, is_staff=True, is_superuser=True)
    administrator.set_password(embedded.kept("admin-password", lambda: secrets.token_urlsafe(12)))
    administrator.full_clean()
    administrator.save()
    EmailAddress.objects.create(user=administrator, email=administrator.email.lower(), verified=True, primary=True)
    return administrator
