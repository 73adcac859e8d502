"""What all settings are chosen by."""

from typing import Final

import environ

from textflix.running import embedded

env = environ.Env()
HOME: Final = embedded.home()
PRODUCTION: Final[bool] = env.bool("TEXTFLIX_PRODUCTION", False)
BEHIND_TLS_PROXY: Final[bool] = PRODUCTION and env.bool("BEHIND_TLS_PROXY", True)
