"""Settings of Tandem. Everything that differs between machines comes from the environment."""

import os
import sys
from pathlib import Path

import dj_database_url
from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from helpdesk.stack.addresses import broker_url, data_directory, database_url, redis_url
from helpdesk.stack.kept import audit_key, data_keys, demo_password, secret_key

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = data_directory()


def flag(name: str, default: bool = False) -> bool:
    return os.environ.get(name, str(default)).strip().lower() in {
        "1",
        "true",
        "yes",
        "on",
    }


def words(name: str, default: str = "") -> list[str]:
    return [word.strip() for word in os.environ.get(name, default).split(",") if word.strip()]


TESTING = "pytest" in sys.modules
DEBUG = flag("DEBUG")
DEMO = flag("DEMO")
FAILPOINTS = flag("TANDEM_FAILPOINTS")  # for the fault tests: see helpdesk/core/failpoints.py
SECURE = flag("SECURE")  # served over https behind a proxy


# --- Secrets and hosts ---------------------------------------------------------------------


if SECURE and not os.environ.get("SECRET_KEY"):
    raise ImproperlyConfigured("Set SECRET_KEY: a random text of 50 characters or more.")
SECRET_KEY = secret_key()
SECRET_KEY_FALLBACKS = words("SECRET_KEY_FALLBACKS")
if SECURE and not os.environ.get("DATA_KEYS"):
    raise ImproperlyConfigured("Set DATA_KEYS: random texts of 50 characters, newest first.")
DATA_KEYS = data_keys()  # what is kept of customers is encrypted with the first of them
if SECURE and not os.environ.get("AUDIT_KEY"):
    raise ImproperlyConfigured("Set AUDIT_KEY: a random text of 50 characters or more.")
AUDIT_KEY = audit_key()  # proves the audit records; whoever owns the database must not have it
AUDIT_KEY_FALLBACKS = words("AUDIT_KEY_FALLBACKS")
AUDIT_HEAD = os.environ.get("AUDIT_HEAD") or str(DATA_DIR / "audit-head")  # the newest seal

ALLOWED_HOSTS = words("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = words("CSRF_TRUSTED_ORIGINS")
TRUSTED_PROXIES = words("TRUSTED_PROXIES")  # peers whose X-Real-IP is believed

# --- Apps ----------------------------------------------------------------------------------

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.admin.apps.SimpleAdminConfig",  # for auditors: helpdesk/core/admin_site.py
    "helpdesk.stack.static.StaticFiles",
    "django_htmx",
    "csp",
    "guardian",
    "channels",
    "helpdesk.core",
    "helpdesk.stack",
    "helpdesk.demo",
    "permissions",
    "conversations",
    "collaboration",
]

MIDDLEWARE = [
    "helpdesk.core.web.middleware.RequestContextMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "helpdesk.core.web.policy.PolicyMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "helpdesk.core.web.middleware.UnavailableMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "permissions.accounts.middleware.AgentMiddleware",
    "permissions.accounts.session_middleware.SignInMiddleware",
    "permissions.accounts.middleware.AgentLocaleMiddleware",
    "permissions.policies.middleware.RulesMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "helpdesk.core.web.middleware.RefusalMiddleware",
]

ROOT_URLCONF = "helpdesk.urls"
ASGI_APPLICATION = "helpdesk.asgi.application"
WSGI_APPLICATION = "helpdesk.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "helpdesk.core.web.context.product",
            ],
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    [
                        "django.template.loaders.filesystem.Loader",
                        "django.template.loaders.app_directories.Loader",
                    ],
                )
            ]
            if not DEBUG
            else [
                "django.template.loaders.filesystem.Loader",
                "django.template.loaders.app_directories.Loader",
            ],
        },
    }
]

# The admin changes nothing, so it has nothing to say in messages.
SILENCED_SYSTEM_CHECKS = ["admin.E404", "admin.E406", "admin.E409"]

# --- Data ----------------------------------------------------------------------------------

# Serving processes work on steady threads, each of which keeps its connection for so many seconds;
# commands of one shot open what they need.
DATABASE_KEEP = int(os.environ.get("DATABASE_KEEP", "0"))
DATABASES = {
    "default": dj_database_url.parse(
        database_url(),
        engine="helpdesk.core.postgresql",
        conn_max_age=DATABASE_KEEP,
        conn_health_checks=True,
    )
}
DATABASES["default"].setdefault("OPTIONS", {})
DATABASES["default"]["OPTIONS"]["options"] = (
    "-c statement_timeout=5000 -c lock_timeout=3000 -c idle_in_transaction_session_timeout=10000"
    " -c plan_cache_mode=force_generic_plan"  # a prepared statement is planned once, always
)
DATABASES["default"]["OPTIONS"]["connect_timeout"] = 5
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = redis_url()
REDIS_TOPIC = os.environ.get("REDIS_TOPIC", "tandem")  # several installations can share a server
if TESTING:  # … and so do several workers of one test run
    REDIS_TOPIC += f"-test-{os.environ.get('PYTEST_XDIST_WORKER', '')}"

CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

MEDIA_ROOT = Path(os.environ.get("MEDIA_ROOT") or DATA_DIR / "files")
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o700
MAX_FILE_BYTES = 25 * 1024 * 1024
MAX_BODY_BYTES = 1024 * 1024  # of any request but an upload
MAX_UPLOAD_BODY_BYTES = 26 * 1024 * 1024
DATA_UPLOAD_MAX_MEMORY_SIZE = MAX_BODY_BYTES
DATA_UPLOAD_MAX_NUMBER_FIELDS = 200
DATA_UPLOAD_MAX_NUMBER_FILES = 20

# --- Static files --------------------------------------------------------------------------

STATIC_URL = "/static/"
STATIC_ROOT = Path(os.environ.get("STATIC_ROOT") or DATA_DIR / "static")
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG or TESTING
        else "helpdesk.core.web.static.ModuleStaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = DEBUG or TESTING

# --- People --------------------------------------------------------------------------------

AUTH_USER_MODEL = "permissions.Agent"
AUTHENTICATION_BACKENDS = [
    "permissions.accounts.backends.AgentBackend",
    "guardian.backends.ObjectPermissionBackend",
]
ANONYMOUS_USER_NAME = None
LOGIN_URL = "/login/"
LOGIN_REDIRECT_URL = "/workspace/"
LOGOUT_REDIRECT_URL = "/login/"
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("username", "name", "email")},
    },
    {"NAME": "permissions.accounts.passwords.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "permissions.accounts.passwords.MaximumLengthValidator"},
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
if TESTING:
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

SESSION_ENGINE = "permissions.accounts.session_store"
SESSION_COOKIE_AGE = 43_200
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_USE_SESSIONS = True
CSRF_FAILURE_VIEW = "helpdesk.core.web.errors.csrf_failure"

DEMO_PASSWORD = demo_password() if DEMO else ""

AGENT_GRACE = int(os.environ.get("AGENT_GRACE", "180"))  # seconds from the last tab to offline
AGENT_IDLE = int(os.environ.get("AGENT_IDLE", "900"))  # seconds without input to away; 0: never

# --- Security ------------------------------------------------------------------------------

X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
if SECURE:
    SECURE_SSL_REDIRECT = flag("SSL_REDIRECT", True)
    SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
    SECURE_HSTS_SECONDS = 31_536_000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = True
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SESSION_COOKIE_NAME = "__Host-sid"
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_NAME = "__Host-csrf"
    CSRF_COOKIE_SECURE = True

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF, NONCE],  # of the editor, which makes its own
        "img-src": [SELF, "blob:"],
        "media-src": [SELF, "blob:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "frame-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "object-src": [NONE],
        "frame-ancestors": [NONE],
    }
}

# Limits: how many, over how many seconds. A demonstration on one's own machine gets the second
# figure, so that load tools can be pointed at it; LIMITS_SCALE multiplies them all.
LIMITS_SCALE = float(os.environ.get("LIMITS_SCALE", "1"))
_LIMITS = {
    #  name                        a service  a demo   seconds
    "sign-in failures per account": (10, 10, 900),
    "sign-in failures per address": (50, 200, 900),
    "second factor failures": (5, 5, 900),
    "refusals recorded": (30, 30, 900),
    "exports": (10, 100, 3600),
    "customer sessions per address": (60, 20_000, 3600),
    "conversations per address": (10, 10_000, 3600),
    "customer messages": (20, 400, 60),
    "customer details": (30, 600, 60),
    "agent messages": (60, 6_000, 60),
    "customer uploads": (60, 600, 3600),
    "agent uploads": (60, 600, 3600),
    "draft frames": (240, 240, 3),
    "sockets per agent": (20, 300, 0),
    "sockets per customer": (5, 5, 0),
    "sockets per address": (100, 600, 0),
}
LIMITS = {
    name: (max(1, int((demo if DEMO else served) * LIMITS_SCALE)), seconds)
    for name, (served, demo, seconds) in _LIMITS.items()
}

# --- Languages and time --------------------------------------------------------------------

LANGUAGE_CODE = "en"
LANGUAGES = [("zh-hans", _("Simplified Chinese")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
LANGUAGE_COOKIE_SAMESITE = "Lax"
USE_I18N = True
USE_TZ = True
TIME_ZONE = os.environ.get("TIME_ZONE", "UTC")

# --- Background work -----------------------------------------------------------------------

CELERY_BROKER_URL = broker_url()
CELERY_TASK_IGNORE_RESULT = True
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_TIME_LIMIT = 120
CELERY_TASK_SOFT_TIME_LIMIT = 100
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {"global_keyprefix": f"{REDIS_TOPIC}:celery:"}
CELERY_TIMEZONE = "UTC"

# --- Logs ----------------------------------------------------------------------------------

_LINE = "%(asctime)s %(levelname)s %(name)s %(message)s"
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"format": _LINE},
        "one line": {"()": "helpdesk.core.logs.OneLine", "format": _LINE},
    },
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "line"},
        "refusals": {"class": "logging.StreamHandler", "formatter": "one line"},
    },
    "root": {"handlers": ["console"], "level": os.environ.get("LOG_LEVEL", "INFO")},
    "loggers": {
        # Refusals (403, 404, 409, 422) are answers, not incidents.
        "django.request": {"level": "ERROR"},
        "django.security": {"handlers": ["refusals"], "propagate": False},
        "httpx": {"level": "WARNING"},
    },
}
