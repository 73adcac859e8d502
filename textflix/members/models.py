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
        indexes = [models.Index(fields=["email"], name="member_by_email")]
        constraints = [
            # Upper, because that is what iexact looks up by: the constraint is its index too.
            models.UniqueConstraint(
                Upper("username"), name="one_member_per_name", violation_error_message="That name is taken."
            )
        ]

    def get_absolute_url(self) -> str:
        return reverse("member", args=[self.username])


class LimitedEvent(models.Model):
    """Something that may be done so many times only: what, by whom (a member or an address), and when."""

    kind = models.CharField(max_length=20)
    who = models.CharField(max_length=45)
    at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["kind", "who", "at"], name="limited_event_counted"),
            models.Index(fields=["at"], name="limited_event_oldest"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} by {self.who}"
