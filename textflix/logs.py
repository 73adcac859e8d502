"""What is logged, and what the log is spared."""

import logging
import re
from typing import Any

# Links that open accounts: whoever reads the log must not be able to use one. All to the end of the line, because one
# that was torn on its way from the letter is no page's address any more, and still holds its key.
_KEYS = re.compile(r"((?:reset/+key|confirm-email)/).+", re.IGNORECASE)


class DiscreetFormatter(logging.Formatter):
    """Writes addresses of pages without the keys in them, in messages and in traces of failures."""

    def format(self, record: logging.LogRecord) -> str:
        return _KEYS.sub(r"\1…", super().format(record))


def configuration(level: str) -> dict[str, Any]:
    """Return Django's LOGGING; the level is for what is not the site's own log."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {
                "class": "textflix.logs.DiscreetFormatter",
                "format": "%(asctime)s %(levelname)s %(name)s: %(message)s",
            }
        },
        # That readyz answers 503 is news to whoever asks it, not to the log; of pages it is.
        "filters": {
            "readiness": {
                "()": "django.utils.log.CallbackFilter",
                "callback": lambda record: getattr(getattr(record, "request", None), "path", "") != "/readyz",
            }
        },
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["readiness"]}},
        "root": {"handlers": ["console"], "level": level},
        "loggers": {
            "textflix": {"level": "INFO"},
            "sentiment": {"level": "INFO"},
            # Any scanner names hosts that are not ours; refusing them is no error.
            "django.security.DisallowedHost": {"level": "CRITICAL"},
        },
    }
