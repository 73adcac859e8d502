"""Settings of sign-in: who is let in, by what, how often they may try, and the letters that tell them."""

from django.core.exceptions import ImproperlyConfigured

from textflix.environment import BEHIND_TLS_PROXY, HOME, PRODUCTION, env

SITE_NAME = "Textflix"

AUTH_USER_MODEL = "members.User"
AUTHENTICATION_BACKENDS = ["textflix.members.backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
LOGIN_REDIRECT_URL = "home"
ACCOUNT_ADAPTER = "textflix.members.adapter.AccountAdapter"
ACCOUNT_FORMS = {
    name: f"textflix.members.forms.{form}"
    for name, form in (("signup", "SignupForm"), ("login", "LoginForm"), ("reset_password", "ResetPasswordForm"))
}
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory" if PRODUCTION or env.bool("EMAIL_VERIFICATION", False) else "optional"
ACCOUNT_EMAIL_CONFIRMATION_EXPIRE_DAYS = 3
ACCOUNT_PREVENT_ENUMERATION = "strict"
# A way in that nobody can close by guessing passwords.
ACCOUNT_LOGIN_ON_PASSWORD_RESET = True
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = f"{SITE_NAME}: "
# Of letters to one address, whoever asks first must leave some to its owner.
ACCOUNT_RATE_LIMITS = {"signup": "30/m/ip", "login": "60/m/ip", "confirm_email": "5/3m/key"}
# So many bits of an IPv6 address say whose it is; the others its owner may choose anew for each request.
ALLAUTH_RATE_LIMIT_IPV6_PREFIX = 56
# What says that a visitor came by TLS is a proxy, and says where they came from, too.
TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", int(BEHIND_TLS_PROXY))

MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
# Staff need a second factor; a site on this machine alone may do without.
STAFF_MFA = env.bool("STAFF_MFA") if env.str("STAFF_MFA", "") else PRODUCTION
STAFF_IDLE_HOURS = env.int("STAFF_IDLE_HOURS", 8)
# The first administrator: production asks, so that nobody guesses the name, and letters reach them.
ADMIN_USERNAME = env.str("ADMIN_USERNAME", "") or ("" if PRODUCTION else "admin")
ADMIN_EMAIL = env.str("ADMIN_EMAIL", "") or ("" if PRODUCTION else "admin@localhost")

# Letters hold links that open accounts: without a mail server they go into a private folder, not into the log.
# Production needs one, or nobody could confirm an address.
EMAIL_URL = env.str("EMAIL_URL", "")
if PRODUCTION and not EMAIL_URL.lower().startswith("smtp"):
    raise ImproperlyConfigured("Production needs EMAIL_URL to name a mail server: letters hold links no log may show.")
if EMAIL_URL:
    vars().update(env.email_url("EMAIL_URL"))
else:
    EMAIL_BACKEND = "textflix.members.letters.FolderBackend"
EMAIL_TIMEOUT = 5  # seconds that a mail server which hangs may hold a page
LETTERS_DIR = HOME / "letters"
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", "Textflix <textflix@localhost>")
