"""Django's settings. Whatever differs between installations comes from the environment.

DATABASE_URL       libpq address; without it libpq's own defaults (the `eka` command always sets it)
EKA_SECRET_KEY     signing key; without it one is made in the state folder
EKA_STATE          the state folder
EKA_ALLOWED_HOSTS  host names served, with commas between; without it this machine only
EKA_ADDRESS        the shop's address from outside; gateways send their news there
EKA_PAYMENTS       the payments file: gateways with addresses and keys (docs/operators/payments.md)
EKA_SUPPLIERS      the suppliers file: where profiles come from (docs/operators/suppliers.md)
EKA_HTTPS=1        behind TLS: secure cookies, HSTS, and trust in X-Forwarded-Proto
EKA_DEMO=1         the demo: its clock can be moved, its logins are shown
EKA_DEBUG=1        Django's error pages, for developers
"""

import os

from django.utils.translation import gettext_lazy as _

from eka.web.database import database_settings
from eka.web.state import secret_key


def _is_on(name: str) -> bool:
    return os.environ.get(name, "") not in ("", "0")


def _words(name: str, default: str) -> list[str]:
    return [word.strip() for word in os.environ.get(name, default).split(",") if word.strip()]


EKA_DEMO = _is_on("EKA_DEMO")
DEBUG = _is_on("EKA_DEBUG")
SECRET_KEY = secret_key()
EKA_ADDRESS = os.environ.get("EKA_ADDRESS", "http://127.0.0.1:8000")
ALLOWED_HOSTS = _words("EKA_ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django_htmx",
    "eka.ledger",
    "eka.portal",
]

MIDDLEWARE = [
    "eka.web.security.PolicyHeaders",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "eka.web.urls"
WSGI_APPLICATION = "eka.web.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]

DATABASES = {"default": database_settings(os.environ.get("DATABASE_URL", ""))}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "ledger.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = True
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("zh-hans", _("Simplified Chinese"))]
LOCALE_PATHS = [os.path.join(os.path.dirname(os.path.dirname(__file__)), "locale")]

# Files are served straight from the packages that own them: a fresh clone needs no further step.
# Their names do not change with their content, so browsers ask again after ten minutes.
STATIC_URL = "static/"
WHITENOISE_USE_FINDERS = True
WHITENOISE_MAX_AGE = 600

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "eka.portal.views.errors.csrf_failure"

if _is_on("EKA_HTTPS"):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = True
    SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
    # Django would mail errors and drop them where no mail is set up; here they reach stderr.
    "loggers": {
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        # They tell every request, with addresses that may hold what opens a list of payments.
        "httpx": {"level": "WARNING"},
        "stripe": {"level": "WARNING"},
    },
}
