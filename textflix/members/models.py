from django.contrib.auth.models import AbstractUser
from django.core.validators import RegexValidator
from django.db import models
from django.db.models.functions import Upper
from django.urls import reverse


class User(AbstractUser):
    """A member. Demo members wrote the demo corpus: nobody can log in as one, and every page says what they are."""

    username = models.CharField(
        max_length=30,
        unique=True,
        validators=[
            RegexValidator(
                r"^[A-Za-z0-9][A-Za-z0-9_-]*\Z", "Use letters, digits, - and _, beginning with a letter or digit."
            )
        ],
        error_messages={"unique": "That name is taken."},
    )
    is_demo = models.BooleanField(default=False, editable=False)

    class Meta(AbstractUser.Meta):
        constraints = [
            # Upper, because that is what iexact looks up by: the constraint is its index too.
            models.UniqueConstraint(
                Upper("username"), name="one_member_per_name", violation_error_message="That name is taken."
            )
        ]

    def get_absolute_url(self) -> str:
        return reverse("member", args=[self.username])
