"""All settings, read from the environment (a `.env` beside manage.py is read too).

With nothing set this is embedded mode: SQLite, no Redis, one process, demo accounts, mail in a folder.
DATABASE_URL or REDIS_URL make it production, which the system checks hold to safe values.
"""

import os
import secrets
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from csp.constants import NONE, SELF

from skilllink import env as rules_env
from skilllink import logs

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
environ.Env.read_env(BASE_DIR / ".env")

# --- mode ---------------------------------------------------------------------------------------

DATA_DIR = Path(env.str("DATA_DIR", default=str(BASE_DIR / "var")))
DATA_DIR.mkdir(parents=True, exist_ok=True)
DATABASE_URL = env.str("DATABASE_URL", default="")
REDIS_URL = env.str("REDIS_URL", default="")
PRODUCTION = env.bool("SKILLLINK_PRODUCTION", default=bool(DATABASE_URL or REDIS_URL))
DEMO = env.bool("SKILLLINK_DEMO", default=not PRODUCTION)
DEBUG = env.bool("DEBUG", default=False)


def _kept_secret(name: str, size: int) -> str:
    """Embedded mode: a key of `size` bytes made once and kept beside the database."""
    path = DATA_DIR / name
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(size))
    return path.read_text()


SECRET_KEY = env.str("SECRET_KEY", default="") or ("" if PRODUCTION else _kept_secret("secret_key", 64))
# web push: without a key none is offered
VAPID_PRIVATE_KEY = env.str("VAPID_PRIVATE_KEY", default="") or ("" if PRODUCTION else _kept_secret("vapid_key", 32))
PUSH_HOSTS = env.list(
    "PUSH_HOSTS",
    default=[
        "fcm.googleapis.com",
        "updates.push.services.mozilla.com",
        "web.push.apple.com",
        "*.push.apple.com",
        "*.notify.windows.com",
    ],
)
PORT = env.int("PORT", default=8000)
SITE_URL = env.str("SITE_URL", default="" if PRODUCTION else f"http://127.0.0.1:{PORT}").rstrip("/")
SITE_HTTPS = SITE_URL.startswith("https://")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[] if PRODUCTION else ["127.0.0.1", "localhost", "[::1]"])

# --- the marketplace's rules (product.md); each can be set as SKILLLINK_<NAME> --------------------

SKILLLINK: dict[str, Any] = rules_env.rules(
    {
        # clocks
        "SWEEP_EVERY": timedelta(minutes=1),
        "SEAL_EVERY": timedelta(seconds=5),
        "SEAL_LOOKBACK": timedelta(minutes=10),
        "ANCHOR_EVERY": timedelta(hours=1),
        "AUDIT_EVERY": timedelta(minutes=10),
        "BIDDING_WINDOW": timedelta(days=14),
        "GIG_IDLE_EXPIRY": timedelta(days=30),
        "OFFER_WINDOW": timedelta(days=7),
        "REVIEW_WINDOW": timedelta(days=14),
        "REVIEW_EXTENSION": timedelta(days=7),
        "WEEK_EDIT": timedelta(hours=12),
        "WEEK_REVIEW": timedelta(days=4, hours=23, minutes=59),
        "RELEASE_NOTICE": timedelta(hours=24),
        "REMINDER_NOTICE": timedelta(hours=72),
        "REFUND_REQUEST_WINDOW": timedelta(days=7),
        "STALE_AFTER_DUE": timedelta(days=7),
        "STALE_NOTICE": timedelta(days=3),
        "IDLE_REFUND": timedelta(days=75),
        "IDLE_FIRST_REMINDER": timedelta(days=60),
        "IDLE_LAST_REMINDER": timedelta(days=72),
        "DISPUTE_ANSWER_WINDOW": timedelta(days=5),
        "DISPUTE_OBJECTION_WINDOW": timedelta(hours=48),
        "DISPUTE_LONGEST": timedelta(days=31),
        "FEEDBACK_WINDOW": timedelta(days=14),
        "CLEARING": timedelta(days=5),
        "CLEARING_ESTABLISHED": timedelta(days=2),
        "MESSAGE_EDIT_WINDOW": timedelta(minutes=15),
        "NOTIFICATION_MAIL_DELAY": timedelta(minutes=5),
        "NOTIFICATION_HISTORY": timedelta(days=180),
        "PUSH_KEPT": timedelta(days=1),
        "CHAT_MAIL_DELAY": timedelta(minutes=5),
        "DIGEST_AT": timedelta(hours=8),  # after midnight, on the reader's clock
        "QUIET_HOURS_MOST": timedelta(hours=12),
        "SIGN_IN_FRESH": timedelta(minutes=10),
        "SCORE_WINDOW": timedelta(days=730),
        "SCORE_HALF_LIFE": timedelta(days=365),
        "APPEAL_WINDOW": timedelta(days=14),
        "APPEAL_WORKDAYS": 5,
        "TIP_WINDOW": timedelta(days=90),
        "DONATION_WEEKLY": timedelta(days=7),
        "DONATION_MONTHLY": timedelta(days=30),
        "DONATION_NOTICE": timedelta(days=14),
        # limits
        "FREELANCER_FEE_BPS": 500,
        "REVISIONS": 2,
        "SCORE_LEAST_OUTCOMES": 3,
        "SCORE_LEAST_CLIENTS": 2,
        "SANDBOX_FEE_BPS": 290,
        "SANDBOX_CHARGEBACK_AFTER": timedelta(minutes=2),
        "SANDBOX_PAYOUT_AFTER": timedelta(minutes=1),
        "WEBHOOK_TOLERANCE": timedelta(minutes=5),
        "GATEWAY_ASK_AGAIN": timedelta(minutes=1),
        "CATCH_UP_EVERY": timedelta(hours=1),
        "PAYOUT_METHOD_WAIT": timedelta(days=3),
        "PAYOUT_BATCH_EVERY": timedelta(hours=1),
        "PAYOUT_BANK_TIME": timedelta(days=3),
        # money, minor units per currency
        "DONATION_DAILY_CAP": {"USD": 50_000, "EUR": 50_000, "GBP": 40_000, "JPY": 75_000, "KWD": 150_000},
        "PAYOUT_MINIMUM": {"USD": 1000, "EUR": 1000, "GBP": 1000, "JPY": 1500, "KWD": 3000},
        "PAYOUT_ALONE": {"USD": 500_000, "EUR": 500_000, "GBP": 400_000, "JPY": 750_000, "KWD": 1_500_000},
        "LIVE_BIDS_PER_GIG": 50,
        "LIVE_BIDS_PER_FREELANCER": 20,
        "OFFER_ROUNDS": 5,
        "FILE_BYTES": 25 * 1024 * 1024,
        "FILES_PER_GIG": 10,
        "FILES_UNSENT": 40,
        "FILES_UNSENT_KEPT": timedelta(days=1),
        "FILES_PER_BID": 5,
        "FILES_PER_DELIVERY": 10,
        "IMAGE_PIXELS": 40_000_000,
        "MESSAGE_CHARACTERS": 8000,
        "KEY_TRIES": 5,
        "KEY_TRY_WINDOW": timedelta(minutes=15),
        "ROOM_INVITATIONS_OPEN": 50,
        "PINS_PER_ROOM": 50,
        # real time
        "SOCKETS_PER_USER": 20,
        "FRAMES_PER_MINUTE": 100,
        "TOPICS_PER_SOCKET": 500,
        "FRAME_BYTES": 64 * 1024,
        "SOCKET_STALL": timedelta(seconds=20),
        "PULSE_EVERY": timedelta(seconds=15),
        "PRESENCE_TTL": timedelta(seconds=60),
    },
    os.environ,
)
# The server's own limit, also for what it sends. It lies above the product's for what comes in, so that a frame over
# that gets an answer before the close, and above the largest page of a room's log.
SOCKET_MESSAGE_BYTES = 1024 * 1024
CURRENCIES = env.list("SKILLLINK_CURRENCIES", default=["USD", "EUR", "JPY", "KWD"])
DEFAULT_CURRENCY = env.str("SKILLLINK_DEFAULT_CURRENCY", default="USD")
# who issues the platform's fee invoices; an address of several lines is written with \n between them
OPERATOR_NAME = env.str("OPERATOR_NAME", default="SkillLink")
OPERATOR_ADDRESS = env.str("OPERATOR_ADDRESS", default="")
OPERATOR_TAX_NUMBER = env.str("OPERATOR_TAX_NUMBER", default="")

# --- applications -------------------------------------------------------------------------------

INSTALLED_APPS = [
    "daphne",
    "skilllink",
    "users",
    "chat",
    "payment",
    "projects",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.forms",
    "channels",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "django_htmx",
    "template_partials",
    "django_filters",
    "rest_framework",
    "knox",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_celery_results",
    "django_celery_beat",
    "django_structlog",
    "csp",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "users.middleware.SessionSeenMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "users.middleware.TimezoneMiddleware",
    "users.middleware.StaffSecondFactorMiddleware",
    "skilllink.answers.RefusalMiddleware",
]

ROOT_URLCONF = "skilllink.urls"
ASGI_APPLICATION = "skilllink.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
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
                "django.template.context_processors.i18n",
                "skilllink.context.site",
                "payment.halt_banner.banner",
            ],
            "builtins": ["skilllink.templatetags.skilllink"],
        },
    }
]

# --- data ---------------------------------------------------------------------------------------

if DATABASE_URL:
    DATABASES = {"default": env.db_url_config(DATABASE_URL)}
else:
    DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": DATA_DIR / "db.sqlite3"}}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": (
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA temp_store=MEMORY;"
            "PRAGMA mmap_size=134217728; PRAGMA cache_size=-20000; PRAGMA journal_size_limit=27103364"
        ),
    }
    DATABASES["default"]["TEST"] = {"NAME": str(DATA_DIR / f"test-{os.getpid()}.sqlite3")}
else:
    DATABASES["default"]["ENGINE"] = "skilllink.postgresql"  # Django's own, and statements that wait for each other
    # Under ASGI each request has its own thread: only a pool keeps connections (CONN_MAX_AGE leaks them).
    DATABASES["default"]["CONN_MAX_AGE"] = 0
    DATABASES["default"]["OPTIONS"] = {
        "prepare_threshold": 5,  # for what asks to be prepared; Django's own cursors don't
        "pool": {"min_size": 2, "max_size": env.int("DATABASE_POOL", default=8), "timeout": 10},
        # compiling a statement would take longer than any of ours does
        "options": "-c lock_timeout=2000 -c statement_timeout=10000 -c idle_in_transaction_session_timeout=15000 "
        "-c jit=off",
    }

CACHES: dict[str, Any] = {
    "default": (
        {
            "BACKEND": "skilllink.cache.Cache",
            "LOCATION": REDIS_URL,
            "KEY_PREFIX": "skilllink",
            "OPTIONS": {"socket_timeout": 2, "socket_connect_timeout": 2},
        }
        if REDIS_URL
        else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
    )
}
CHANNEL_LAYERS: dict[str, Any] = {
    "default": (
        {
            "BACKEND": "skilllink.realtime.layers.RedisLayer",
            # redis-py's default timeout of 5 s would end idle subscriptions
            "CONFIG": {"hosts": [{"address": REDIS_URL, "socket_timeout": None}], "prefix": "skilllink"},
        }
        if REDIS_URL
        else {"BACKEND": "skilllink.realtime.layers.MemoryLayer", "CONFIG": {"capacity": 1000}}
    )
}

STATIC_URL = "/static/"
STATIC_ROOT = Path(env.str("STATIC_ROOT", default=str(BASE_DIR / "static-collected")))
STATICFILES_DIRS = [BASE_DIR / "static"]
MEDIA_ROOT = Path(env.str("MEDIA_ROOT", default=str(DATA_DIR / "media")))
MEDIA_URL = "/files/"  # never served directly: each file goes through an authorised view
WHITENOISE_USE_FINDERS = not PRODUCTION
WHITENOISE_AUTOREFRESH = not PRODUCTION
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": (
            "whitenoise.storage.CompressedManifestStaticFilesStorage"
            if env.bool("STATICFILES_MANIFEST", default=PRODUCTION)
            else "django.contrib.staticfiles.storage.StaticFilesStorage"
        )
    },
}
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 500

# --- people -------------------------------------------------------------------------------------

AUTH_USER_MODEL = "users.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "users.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_SIGNUP_FORM_CLASS = "users.forms.SignupForm"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_FORMS = {
    "login": "users.account_forms.LoginForm",
    "signup": "users.account_forms.SignupForm",
    "add_email": "users.account_forms.AddEmailForm",
    "change_password": "users.account_forms.ChangePasswordForm",
    "set_password": "users.account_forms.SetPasswordForm",
    "reset_password": "users.account_forms.ResetPasswordForm",
    "reset_password_from_key": "users.account_forms.ResetPasswordKeyForm",
    "reauthenticate": "users.account_forms.ReauthenticateForm",
    "confirm_email_verification_code": "users.account_forms.ConfirmEmailVerificationCodeForm",
}
ACCOUNT_REAUTHENTICATION_TIMEOUT = int(SKILLLINK["SIGN_IN_FRESH"].total_seconds())
ALLAUTH_TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXY_COUNT", default=1 if PRODUCTION else 0)
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not PRODUCTION
MFA_TOTP_ISSUER = "SkillLink"
MFA_ADAPTER = "users.adapter.SecondFactorAdapter"
MFA_FORMS = {
    "authenticate": "users.account_forms.AuthenticateForm",
    "reauthenticate": "users.account_forms.ReauthenticateWithCodeForm",
    "activate_totp": "users.account_forms.ActivateTOTPForm",
    "login_webauthn": "users.passkeys.LoginForm",
    "add_webauthn": "users.passkeys.AddForm",
}
STAFF_SECOND_FACTOR = env.bool("STAFF_SECOND_FACTOR", default=PRODUCTION and not DEMO)
USERSESSIONS_ADAPTER = "users.adapter.SessionsAdapter"
USERSESSIONS_TRACK_ACTIVITY = True

# --- mail ---------------------------------------------------------------------------------------

EMAIL_FILE_PATH = DATA_DIR / "mail"
EMAIL_TIMEOUT = 10  # seconds; a server that says nothing must not hold the outbox up
if EMAIL_URL := env.str("EMAIL_URL", default=""):
    globals().update(env.email_url_config(EMAIL_URL))
else:
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default=f"SkillLink <hello@{urlsplit(SITE_URL).hostname}>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL

# --- language and time --------------------------------------------------------------------------

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("de", "Deutsch")]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = True

# --- money --------------------------------------------------------------------------------------

# where the ledger's newest head is written down every hour: best on another machine's disk
ANCHOR_DIR = Path(env.str("ANCHOR_DIR", default=str(DATA_DIR / "anchors")))

STRIPE_SECRET_KEY = env.str("STRIPE_SECRET_KEY", default="")
STRIPE_WEBHOOK_SECRET = env.str("STRIPE_WEBHOOK_SECRET", default="")
# Money is real once there are keys; without them it is the sandbox's play money.
PAYMENT_GATEWAY = env.str("PAYMENT_GATEWAY", default="stripe" if STRIPE_SECRET_KEY else "sandbox")

# --- background work ----------------------------------------------------------------------------

CELERY_BROKER_URL = REDIS_URL or "memory://localhost/"
CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any] = (
    {"global_keyprefix": "skilllink-celery:", "visibility_timeout": 3600} if REDIS_URL else {"polling_interval": 0.05}
)
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_RESULT_BACKEND = "django-db"
CELERY_RESULT_EXTENDED = True
CELERY_RESULT_EXPIRES = timedelta(days=7)
CELERY_TASK_TRACK_STARTED = True
CELERY_TASK_SERIALIZER = "json"
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_TIME_LIMIT = 600
CELERY_TASK_SOFT_TIME_LIMIT = 540
CELERY_TIMEZONE = "UTC"
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
DJANGO_STRUCTLOG_CELERY_ENABLED = True

# --- API ----------------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "users.api.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["users.api.permissions.HasScope"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["skilllink.api.StrictJSON", "rest_framework.parsers.MultiPartParser"],
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_PAGINATION_CLASS": "skilllink.api.CursorPages",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_THROTTLE_CLASSES": [
        "skilllink.api.AnonThrottle",
        "skilllink.api.UserThrottle",
    ],
    "DEFAULT_THROTTLE_RATES": {"anon": "60/min", "user": "600/min", "sign-in": "10/min"},
    "EXCEPTION_HANDLER": "skilllink.answers.api_exception_handler",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "SkillLink API",
    "VERSION": "1",
    "DESCRIPTION": "The same verbs and the same refusals as the pages.",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "ENUM_NAME_OVERRIDES": {
        "GigStatus": "projects.models.gig.Gig.Status",
        "GigKind": "projects.models.gig.Gig.Kind",
        "GigVisibility": "projects.models.gig.Gig.Visibility",
        "BidStatus": "projects.models.bid.Bid.Status",
        "OfferStatus": "projects.models.offer.Offer.Status",
        "ContractStatus": "projects.models.contract.Contract.Status",
        "MilestoneStatus": "projects.models.milestone.Milestone.Status",
        "DisputeStatus": "projects.models.dispute.Dispute.Status",
        "ReviewStatus": "projects.models.review.Review.Status",
        "DepositStatus": "payment.models.deposit.Deposit.Status",
        "CauseStatus": "payment.models.donation.Cause.Status",
        "DonationKind": "payment.models.donation.Donation.Kind",
        "DonationVisibility": "payment.models.donation.Gift.Visibility",
        "PledgeStatus": "payment.models.donation.Pledge.Status",
        "RoomKind": "chat.models.room.Room.Kind",
    },
}
REST_KNOX = {"TOKEN_MODEL": "users.ApiToken", "TOKEN_TTL": timedelta(days=365), "AUTH_HEADER_PREFIX": "Token"}
KNOX_TOKEN_MODEL = "users.ApiToken"

# --- security -----------------------------------------------------------------------------------

SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SITE_HTTPS
if SITE_HTTPS:
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-session", "__Host-csrf"
SECURE_SSL_REDIRECT = SITE_HTTPS
SECURE_REDIRECT_EXEMPT = [r"^(healthz|readyz|metrics)$"]  # asked from inside, behind the proxy
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if SITE_HTTPS else None
SECURE_HSTS_SECONDS = 31536000 if SITE_HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = SITE_HTTPS
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CSRF_TRUSTED_ORIGINS = [SITE_URL] if SITE_URL else []
CSRF_FAILURE_VIEW = "skilllink.answers.csrf_failure"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:", "blob:"],
        "connect-src": [SELF, *([SITE_URL.replace("http", "ws", 1)] if SITE_URL else [])],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

# --- logs ---------------------------------------------------------------------------------------

logs.configure()
LOG_LEVEL = env.str("LOG_LEVEL", default="INFO")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "structlog.stdlib.ProcessorFormatter",
            "processor": logs.make_renderer(),
            "foreign_pre_chain": logs.shared,
        }
    },
    "filters": {"not_ready": {"()": logs.NotReady}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["not_ready"]}},
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    "loggers": {
        "daphne": {"level": "WARNING"},
        "celery.beat": {"level": "WARNING"},
        "celery.app.trace": {"level": "WARNING"},
        "celery.worker.strategy": {"level": "WARNING"},
        "django_structlog": {"level": "WARNING"},
        "stripe": {"level": "WARNING"},
    },
}
