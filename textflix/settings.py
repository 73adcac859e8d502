"""Django's settings, driven by the environment.

Defaults are safe for a site on this machine alone; production refuses to start unsafe.
"""

from pathlib import Path
from typing import Any

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from textflix import logs
from textflix.environment import BEHIND_TLS_PROXY, HOME, PRODUCTION, env
from textflix.running import embedded
from textflix.sign_in import *  # noqa: F403  people, and the letters to them

BASE_DIR = Path(__file__).resolve().parent.parent
DEBUG = env.bool("DEBUG", False)

if PRODUCTION:
    if DEBUG:
        raise ImproperlyConfigured("DEBUG must be off in production.")
    for name in ("SECRET_KEY", "ALLOWED_HOSTS", "DATABASE_URL", "REDIS_URL"):
        if not env.str(name, ""):
            raise ImproperlyConfigured(f"Production needs {name} to be set.")
    SECRET_KEY = env.str("SECRET_KEY")
    if len(SECRET_KEY) < 50 or len(set(SECRET_KEY)) < 10:
        raise ImproperlyConfigured("SECRET_KEY must be random and at least 50 characters long.")
else:
    SECRET_KEY = env.str("SECRET_KEY", "") or embedded.secret_key()

ALLOWED_HOSTS = [host.strip() for host in env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])]
if PRODUCTION and any(host == "*" or (host.startswith(".") and "." not in host[1:]) for host in ALLOWED_HOSTS):
    raise ImproperlyConfigured("ALLOWED_HOSTS must name the site's hosts, not * or all of a top-level domain.")
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

INSTALLED_APPS = [
    "textflix.members.apps.MembersConfig",
    "textflix.movies",
    "textflix.reviews",
    "sentiment",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "csp",
    "django_htmx",
    "textflix.members.apps.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
]

MIDDLEWARE = [
    "textflix.middleware.room_for_frames",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "textflix.middleware.cross_origin_resource_policy",
    "textflix.middleware.unavailable_for_a_moment",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_permissions_policy.PermissionsPolicyMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    # Below what protects every answer, above all that looks at parameters.
    "textflix.middleware.unreadable_requests_are_refused",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "textflix.members.staff.staff_sessions_end_when_idle",
    "textflix.middleware.private_pages_are_not_stored",
]

ROOT_URLCONF = "textflix.urls"
WSGI_APPLICATION = "textflix.wsgi.application"
# The site is at the root of its host; a header that says otherwise would change the links in its letters.
FORCE_SCRIPT_NAME = ""
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

# Postgres: all that must not be lost, and the cache, sessions and limits: the site stays up without Redis.
DATABASE_URL = env.str("DATABASE_URL", "")
DATABASES: dict[str, dict[str, Any]] = {
    "default": env.db_url_config(DATABASE_URL) if DATABASE_URL else embedded.database()
}
DATABASES["default"] |= {
    "ENGINE": "django.db.backends.postgresql",
    "CONN_MAX_AGE": 600,
    "CONN_HEALTH_CHECKS": True,
    "OPTIONS": DATABASES["default"].get("OPTIONS", {})
    | {
        "connect_timeout": 5,
        "options": f"-c statement_timeout={env.str('DATABASE_STATEMENT_TIMEOUT', '0')}"
        f" -c lock_timeout={env.str('DATABASE_LOCK_TIMEOUT', '0')}"
        f" -c idle_in_transaction_session_timeout={env.str('DATABASE_IDLE_TIMEOUT', '0')}"
        " -c pg_trgm.word_similarity_threshold=0.45",
    },
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# The first is shared by all processes and holds sign-in's limits. A full one drops counts that still run, so there is
# room for the 100,000 names and addresses that a crowd of machines may try in five minutes. What any visitor can make
# a page keep stays in the process, and what visitors are shown (textflix.kept) apart from parts of pages.
IN_PROCESS = "django.core.cache.backends.locmem.LocMemCache"
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "cache",
        "OPTIONS": {"MAX_ENTRIES": 200_000},
    },
    "pages": {"BACKEND": IN_PROCESS, "LOCATION": "pages", "OPTIONS": {"MAX_ENTRIES": 3_000}},
    "visitors": {"BACKEND": IN_PROCESS, "LOCATION": "visitors", "OPTIONS": {"MAX_ENTRIES": 1_000}},
}

# Redis: Celery's wake-ups, nothing else.
REDIS_URL = env.str("REDIS_URL", "") or embedded.redis_url()
CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_DEFAULT_QUEUE = "live"
CELERY_TASK_PUBLISH_RETRY = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
# A hung broker costs a post one short time-out, not kombu's default of waiting for ever and then three times more.
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "queue_order_strategy": "priority",
    "socket_timeout": 0.3,
    "socket_connect_timeout": 0.3,
    "retry_on_timeout": False,
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0,
    "interval_max": 0,
    "health_check_interval": 5,
}
CELERY_TASK_ROUTES = {
    "sentiment.score_pending": {"queue": "live"},
    "sentiment.score_backlog": {"queue": "backfill"},
    "sentiment.train_pending": {"queue": "train"},
    "members.sweep": {"queue": "backfill"},
}
CELERY_BEAT_SCHEDULE = {
    "score-backlog": {"task": "sentiment.score_backlog", "schedule": 5.0, "options": {"expires": 5}},
    "train-pending": {"task": "sentiment.train_pending", "schedule": 15.0, "options": {"expires": 15}},
    "sweep": {"task": "members.sweep", "schedule": 600.0, "options": {"expires": 600}},
}

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_I18N = False
USE_TZ = True

STATIC_URL = "/static/"
# Collected for production only; while developing, files are found where they are.
STATIC_ROOT = env.path("STATIC_ROOT", default=str(HOME / "static")) if PRODUCTION else None
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = not PRODUCTION

# Limits that leave room for people and little for scripts.
POSTS_PER_MINUTE_AND_ADDRESS = env.int("POSTS_PER_MINUTE_AND_ADDRESS", 60)
TEXTS_PER_MINUTE_AND_ADDRESS = 20
POSTS_PER_HOUR = env.int("POSTS_PER_HOUR", 60)
POSTS_IN_FIRST_HOUR = env.int("POSTS_IN_FIRST_HOUR", 10)
DISPUTES_PER_HOUR = 20
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000_000

# Browser-side protection
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "form-action": [SELF],
        "img-src": [SELF, "data:"],
    }
}
PERMISSIONS_POLICY: dict[str, list[str]] = {
    name: [] for name in ("camera", "geolocation", "microphone", "payment", "usb")
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "textflix.views.csrf_failure"
ANALYSIS_COOKIE_NAME, DEVICE_COOKIE_NAME = "analysis", "device"
# Who has no session has no messages either, so that a visitor's page depends on no cookie but the choice of analysis.
MESSAGE_STORAGE = "textflix.members.messages.SessionStorage"
if PRODUCTION:
    SECURE_SSL_REDIRECT = True
    SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
    SECURE_HSTS_SECONDS = 31_536_000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-sessionid", "__Host-csrftoken"
    ANALYSIS_COOKIE_NAME, DEVICE_COOKIE_NAME = "__Host-analysis", "__Host-device"
    if BEHIND_TLS_PROXY:
        SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# The critic
MODELS_DIR = HOME / "models"
# "shipped" starts with the critic of sentiment/pretrained; "demo" trains one from the demo corpus alone.
SENTIMENT_CRITIC = env.str("SENTIMENT_CRITIC", "") or "shipped"
if SENTIMENT_CRITIC not in ("shipped", "demo"):
    raise ImproperlyConfigured(f'SENTIMENT_CRITIC must be "shipped" or "demo", not "{SENTIMENT_CRITIC}".')
SENTIMENT_BASE = env.str("SENTIMENT_BASE", "") or ("shipped" if SENTIMENT_CRITIC == "shipped" else "minilm")
SENTIMENT_DEVICE = env.str("SENTIMENT_DEVICE", "")
# So many relabelled texts ask for the next training; 0: only admins do.
RETRAIN_AFTER = env.int("RETRAIN_AFTER", 50)

LOGGING = logs.configuration(env.str("LOG_LEVEL", "WARNING"))
