from typing import Any

from django import forms
from django.core.validators import MaxLengthValidator, ProhibitNullCharactersValidator

from textflix.reviews.models import Review
from textflix.reviews.ratings import as_stars
from textflix.reviews.seen import MinSeenValidator

STAR_CHOICES = [
    ("", "no rating"),
    *((rating, f"{as_stars(rating)} ({rating / 2:g} of 5)") for rating in range(10, 0, -1)),
]


class PlainTextField(forms.CharField):
    """A field for plain text, kept stripped, each line break one character; it is not too long as it was sent.

    Limits are validators, not attributes: a browser counts an emoji as two and would cut the text without a word.
    """

    widget = forms.Textarea

    def __init__(self, *, what: str, longest: int, shortest: int = 0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.not_too_long = MaxLengthValidator(
            longest, f"{what} has at most %(limit_value)d characters: this one has %(show_value)d."
        )
        # CharField appends its own, which would say the same again in other words.
        self.validators = [
            ProhibitNullCharactersValidator(f"{what} is plain text: it cannot contain the null character."),
            MinSeenValidator(
                shortest, "Write at least %(limit_value)d characters that can be seen: this review has %(show_value)d."
            ),
        ]

    def clean(self, value: str | None) -> Any:
        self.not_too_long(_with_plain_breaks(value))
        return super().clean(value)

    def to_python(self, value: str | None) -> str | None:
        return super().to_python(_with_plain_breaks(value))


def _with_plain_breaks(value: str | None) -> str:
    return (value or "").replace("\r\n", "\n").replace("\r", "\n")


class ReviewForm(forms.ModelForm):
    text = PlainTextField(
        what="A review",
        longest=Review.MAX_LENGTH,
        shortest=Review.MIN_LENGTH,
        label="Your review",
        help_text=f"{Review.MIN_LENGTH} to {Review.MAX_LENGTH:,} characters of plain text. An empty line starts a new"
        " paragraph. The critic reads English: in another language a review is kept and shown, and not judged.",
        error_messages={"required": f"Write at least {Review.MIN_LENGTH} characters."},
    )
    stars = forms.TypedChoiceField(
        label="Stars",
        choices=STAR_CHOICES,
        coerce=int,
        empty_value=None,
        required=False,
        help_text="If you like; half stars too. The critic reads only your words.",
    )
    spoiler = forms.BooleanField(label="It gives away the plot: hide it until asked for", required=False)

    class Meta:
        model = Review
        fields = ["text", "stars", "spoiler"]

    @property
    def text_changed(self) -> bool:
        return bool(self.cleaned_data["text"] != self.initial.get("text"))
