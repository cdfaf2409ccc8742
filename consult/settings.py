"""Every knob, read strictly from the environment, once. A wrong value stops the start with a clear line.

`KNOBS` records each name with its default and its meaning; docs/operating.md lists them all, and a test compares the two.
"""

from __future__ import annotations

import base64
import hashlib
import os
import sys
from pathlib import Path
from typing import Any

import environ

from consult import __version__, shards

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
KNOBS: dict[str, tuple[Any, str]] = {}


def knob(name: str, kind: type, default: Any, meaning: str, *, at_least: float | None = None) -> Any:
    """Reads one setting; `kind` is str, int, float, bool or list (comma-separated)."""
    KNOBS[name] = (default, meaning)
    if kind is not str and os.environ.get(name) == "":  # an empty line in an env file is no value
        del os.environ[name]
    try:
        value = getattr(env, kind.__name__)(name, default=default)
    except (ValueError, environ.ImproperlyConfigured):
        sys.exit(f"consult: {name}={os.environ.get(name)!r} is not a {kind.__name__}. {meaning}")
    if at_least is not None and value is not None and value < at_least:
        sys.exit(f"consult: {name}={value} is below {at_least}. {meaning}")
    return value


LOCAL = knob("CONSULT_LOCAL", bool, False, "Set by `make run` and `make test`: allows plain HTTP and the loopback hosts.")
SECRET_KEY = knob("SECRET_KEY", str, "", "Signs sessions and cursors; at least 50 random characters.")
if len(SECRET_KEY) < 32:
    if not LOCAL:
        sys.exit("consult: SECRET_KEY must be set to at least 32 random characters (python -c 'import secrets; print(secrets.token_urlsafe(48))').")
    SECRET_KEY = SECRET_KEY or "local-only-" + "0" * 40
DEBUG = False
ALLOWED_HOSTS = knob("ALLOWED_HOSTS", list, ["localhost", "127.0.0.1", "[::1]"] if LOCAL else [], "Host names this service answers to.")
ALLOWED_ORIGINS = knob(
    "ALLOWED_ORIGINS", list, [], "Origins, such as https://consult.example, whose pages may open a socket or write with the cookie; the service's own origin always may."
)
SERVER_VERSION = __version__

# --- data -------------------------------------------------------------------
DATABASE_URL = knob("DATABASE_URL", str, "", "postgres://user:password@host:port/name; empty: `make run` starts a private one.")
REDIS_URL = knob("REDIS_URL", str, "", "redis://host:port/0, unix:///path or redis+sentinel://host:port,host:port/name; several URLs, comma-separated, are shards.")
DATABASE_POOL = knob("DATABASE_POOL", int, 20, "Connections a process may hold for HTTP requests.", at_least=1)
REPLICA_URL = knob("REPLICA_URL", str, "", "postgres://… of a streaming replica from which pages of history and searches may be read; empty: all is read from DATABASE_URL.")
REPLICA_WAIT_S = knob("REPLICA_WAIT_S", float, 0.5, "Seconds a replica has for a page; then the primary answers.", at_least=0.05)
DATABASES: dict[str, dict[str, Any]] = {"default": environ.Env.db_url_config(DATABASE_URL) if DATABASE_URL else {"ENGINE": "django.db.backends.postgresql", "NAME": "consult"}}
# Compiling a query takes longer than any of ours runs (100 ms and more, where the planner expects many rows), and so does starting
# workers that share it (3 ms); a page's query is planned for its page.
PLANNING = "-c jit=off -c max_parallel_workers_per_gather=0 -c plan_cache_mode=force_custom_plan"
CONNECTING = {
    "application_name": "consult",
    "connect_timeout": 4,
    # A database that is cut off without a word must not hold a lane beyond OUTCOME_S.
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 2,
    "tcp_user_timeout": 5000,
}
DATABASES["default"].setdefault("OPTIONS", {})
DATABASES["default"]["OPTIONS"].update(
    {
        "pool": {"min_size": 0, "max_size": DATABASE_POOL, "timeout": 5, "max_idle": 60},
        "options": " ".join([DATABASES["default"]["OPTIONS"].get("options", ""), PLANNING]).strip(),
        **CONNECTING,
    }
)
DATABASES["default"]["CONN_MAX_AGE"] = 0
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True  # after a restart of PostgreSQL no request meets a dead connection of the pool
# Not among DATABASES: no migration, check or transaction of Django's ever meets it (consult/rooms/replica.py).
if REPLICA_URL and not REPLICA_URL.startswith(("postgres://", "postgresql://")):
    sys.exit("consult: REPLICA_URL does not name a PostgreSQL database (postgres://user:password@host:port/name).")
REPLICA: dict[str, Any] = environ.Env.db_url_config(REPLICA_URL) if REPLICA_URL else {}
if REPLICA_URL:
    REPLICA["OPTIONS"] = {
        **REPLICA.get("OPTIONS", {}),
        **CONNECTING,
        "connect_timeout": 2,
        "options": f"-c statement_timeout={int(REPLICA_WAIT_S * 1000)} -c default_transaction_read_only=on {PLANNING}",
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CHANNEL_LAYER = knob("CHANNEL_LAYER", str, "channels_redis.pubsub.RedisPubSubChannelLayer", "Any Channels layer: the pub/sub one, or channels_redis.core.RedisChannelLayer.")
try:
    REDIS_HOSTS = shards.hosts(REDIS_URL or "redis://127.0.0.1:6379/0")
except ValueError as error:
    sys.exit(f"consult: REDIS_URL, {error}.")
CHANNEL_LAYERS = {"default": {"BACKEND": CHANNEL_LAYER, "CONFIG": {"hosts": REDIS_HOSTS}}}

# --- limits: told in hello, obeyed by clients (protocol, section 2) -----------
LIMITS = {
    "frame_bytes": knob("FRAME_BYTES", int, 131072, "Bytes of one client message.", at_least=1024),
    "body_chars": knob("BODY_CHARS", int, 8000, "Code points of one message's text.", at_least=1),
    "replay_events": knob("REPLAY_EVENTS", int, 300, "Missed events that are replayed on entering; more are paged.", at_least=1),
    "resume_events": knob("RESUME_EVENTS", int, 1000, "Missed events replayed over all rooms of one `resume`.", at_least=1),
    "rooms": knob("ROOMS", int, 500, "Rooms one connection may have entered.", at_least=1),
    "connections": knob("CONNECTIONS", int, 20, "Connections of one person to one process.", at_least=1),
    "commands_burst": knob("COMMANDS_BURST", int, 60, "Commands of one person at once.", at_least=1),
    "commands_per_second": knob("COMMANDS_PER_SECOND", float, 20, "Commands of one person, lasting rate.", at_least=0.01),
    "posts_burst": knob("POSTS_BURST", int, 20, "Posts, edits and reactions of one person at once.", at_least=1),
    "posts_per_second": knob("POSTS_PER_SECOND", float, 5, "Posts, edits and reactions of one person, lasting rate.", at_least=0.01),
    "image_bytes": knob("IMAGE_BYTES", int, 25_000_000, "Bytes of one uploaded picture.", at_least=100_000),
}
HEARTBEAT_MS = knob("HEARTBEAT_MS", int, 25000, "Pace of pings and of `heads`; silence for twice as long closes 4003.", at_least=100)
HELLO_S = knob("HELLO_S", float, 10, "Seconds a connection has for its hello.", at_least=0.1)
TICKET_S = knob("TICKET_S", int, 30, "Seconds a ticket lasts.", at_least=1)
OUTBOX_BYTES = knob("OUTBOX_BYTES", int, 2_000_000, "Bytes that may wait for one slow reader before it is closed 4002.", at_least=10_000)
LANES = knob("LANES", int, 4, "Group-commit lanes a process; each holds one database connection.", at_least=1)
READERS = knob("READERS", int, 4, "Threads a process that read the log for entering, resuming and healing.", at_least=1)
BATCH_FRAMES = knob("BATCH_FRAMES", int, 64, "Frames that may share one WebSocket message: 64 as the protocol allows, 1 for none.", at_least=1)
if BATCH_FRAMES > 64:
    sys.exit(f"consult: BATCH_FRAMES={BATCH_FRAMES} is above 64, the most that the protocol allows.")
BATCH_POSTS = knob("BATCH_POSTS", int, 64, "Posts that may go together into one commit.", at_least=1)
SWEEP_S = knob("SWEEP_S", float, 1.0, "Pause between two comparisons of the delivered heads with the database.", at_least=0.05)
ACCESS_POLL_S = knob("ACCESS_POLL_S", float, 0.5, "Pause between two readings of the access_change log.", at_least=0.05)
ACCESS_STALE_S = knob("ACCESS_STALE_S", float, 5.0, "After so long without reading access_change a node stops delivering.", at_least=0.5)
OUTCOME_S = knob("OUTCOME_S", float, 5.0, "Seconds to find out what became of a commit whose answer was lost.", at_least=0.5)
VISIT_IDLE_S = knob("VISIT_IDLE_S", float, 900, "Seconds after which the visit of a moderator who has no socket in the room is ended.", at_least=1)
DRAIN_S = knob("DRAIN_S", float, 5.0, "Seconds over which clients are spread when a node stops.", at_least=0)
HANDSHAKES = knob("HANDSHAKES", int, 200, "Handshakes a process works on at once; more are answered 503 with Retry-After.", at_least=1)

# --- moderation -------------------------------------------------------------
CLAIM_S = knob("CLAIM_S", float, 600, "Seconds after which a claimed item is free again, counted from when its holder last opened or claimed it.", at_least=1)
READING_S = knob("READING_S", float, 3600, "Seconds for which an agreed reading of a private conversation opens it.", at_least=1)
REPORTS_BURST = knob("REPORTS_BURST", int, 10, "Reports of one person at once.", at_least=1)
REPORTS_PER_MINUTE = knob("REPORTS_PER_MINUTE", float, 2, "Reports of one person a minute, lasting rate.", at_least=0.01)
# --- cases -------------------------------------------------------------------
CONSENSUS_AGREE = knob(
    "CONSENSUS_AGREE",
    int,
    3,
    "Clinicians, beside the author and the asker, who must agree with an answer (or back a diagnosis) before a consensus is proposed to the asker.",
    at_least=1,
)
CONSENSUS_DISAGREE = knob("CONSENSUS_DISAGREE", int, 0, "Clinicians who may disagree with that answer (or back other diagnoses alone) all the same.", at_least=0)
UNANSWERED_HOUR_MIN = knob(
    "UNANSWERED_HOUR_MIN", int, 60, "Minutes without an answer after which the asker of a question for within the hour is told what to do; 0: never.", at_least=0
)
UNANSWERED_TODAY_MIN = knob("UNANSWERED_TODAY_MIN", int, 240, "The same for a question for today.", at_least=0)
UNANSWERED_WEEK_MIN = knob("UNANSWERED_WEEK_MIN", int, 2880, "The same for a question for this week.", at_least=0)
OUTCOME_WEEKS = knob("OUTCOME_WEEKS", list, ["1", "4", "12"], "Weeks after which an asker is asked how a case ended, until they tell it; empty: never.")
if not all(w.isdigit() and 0 < int(w) < 1000 for w in OUTCOME_WEEKS):
    sys.exit(f"consult: OUTCOME_WEEKS={','.join(OUTCOME_WEEKS)} is not a list of whole weeks, such as 1,4,12.")

# --- push -------------------------------------------------------------------
PUSH_HOSTS = knob(
    "PUSH_HOSTS",
    list,
    ["fcm.googleapis.com", "*.push.services.mozilla.com", "*.notify.windows.com", "*.push.apple.com"],
    "Push services that browsers may name; *. stands for any name below.",
)
SECRETS_KEYS = knob("SECRETS_KEYS", list, [], "Keys for secrets at rest: the first encrypts, all decrypt; at least 32 random characters each. `make run` derives one.")
VAPID_PRIVATE_KEY = knob("VAPID_PRIVATE_KEY", str, "", "Private key of Web Push: 32 bytes in base64url (python manage.py vapid_key); empty: no Web Push. `make run` derives one.")
VAPID_SUBJECT = knob("VAPID_SUBJECT", str, "", "mailto: or https: address at which push services reach the operator.")
FCM_ACCOUNT = knob("FCM_ACCOUNT", str, "", "Google service account for Android: its JSON, or the path of the file; empty: no FCM.")
FCM_URL = knob("FCM_URL", str, "https://fcm.googleapis.com", "Where FCM is.")
APNS_KEY = knob("APNS_KEY", str, "", "Apple's .p8 key for iOS: its PEM, or the path of the file; empty: no APNs.")
APNS_KEY_ID = knob("APNS_KEY_ID", str, "", "The ten characters that name APNS_KEY.")
APNS_TEAM = knob("APNS_TEAM", str, "", "The ten characters of the Apple team.")
APNS_TOPIC = knob("APNS_TOPIC", str, "", "Bundle identifier of the app.")
APNS_URL = knob("APNS_URL", str, "https://api.push.apple.com", "Where APNs is.")
APNS_SANDBOX_URL = knob("APNS_SANDBOX_URL", str, "https://api.sandbox.push.apple.com", "Where APNs is for apps that come from Xcode.")
if LOCAL:  # a demo has no operator who would make keys; its secret stays the same from one start to the next
    SECRETS_KEYS = SECRETS_KEYS or [SECRET_KEY]
    VAPID_PRIVATE_KEY = VAPID_PRIVATE_KEY or base64.urlsafe_b64encode(hashlib.sha256(b"vapid" + SECRET_KEY.encode()).digest()).decode().rstrip("=")
    VAPID_SUBJECT = VAPID_SUBJECT or "mailto:operator@localhost"
DEVICES = knob("DEVICES", int, 20, "Devices of one person that a push can wake; the one seen longest ago makes room.", at_least=1)
PUSH_TTL_S = knob("PUSH_TTL_S", int, 86400, "Seconds after which a wake-up is worth nothing any more.", at_least=60)

# --- pictures ---------------------------------------------------------------
IMAGES_DIR = knob(
    "IMAGES_DIR",
    str,
    str(BASE_DIR / ".local" / "images") if LOCAL else "",
    "Folder of pictures, and of uploads until they are worked on; all web and worker processes see it.",
)
IMAGES_S3 = knob("IMAGES_S3", str, "", "s3://bucket/prefix: keeps pictures there; IMAGES_DIR then holds uploads alone.")
IMAGES_S3_ENDPOINT = knob("IMAGES_S3_ENDPOINT", str, "", "Where the S3 service is, such as https://s3.example; empty: Amazon's.")
IMAGES_S3_REGION = knob("IMAGES_S3_REGION", str, "us-east-1", "The region of the bucket.")
IMAGES_S3_KEY = knob("IMAGES_S3_KEY", str, "", "The access key's id.")
IMAGES_S3_SECRET = knob("IMAGES_S3_SECRET", str, "", "The access key's secret.")
IMAGES_ACCEL = knob("IMAGES_ACCEL", str, "", "/_pictures/: the internal location at which nginx serves IMAGES_DIR/kept; empty: Consult serves pictures itself.")
IMAGES_WAITING = knob("IMAGES_WAITING", int, 40, "Pictures of one person that are in no message yet.", at_least=1)
IMAGES_WAITING_S = knob("IMAGES_WAITING_S", int, 86400, "Seconds after which a picture that is in no message, or an upload that was given up, is deleted.", at_least=60)
IMAGE_MEMORY_MB = knob("IMAGE_MEMORY_MB", int, 1024, "Memory that opening one picture may take, in megabytes; one of 60 megapixels needs some 800.", at_least=128)
IMAGE_NETS = knob("IMAGE_NETS", list, ["faces"], "What is looked for in every picture, and holds it back where it is found: faces, words.")
IMAGE_SECONDS = knob("IMAGE_SECONDS", int, 30, "Seconds of processor time that opening one picture may take, and a quarter of the seconds it may last.", at_least=2)

# --- accounts ---------------------------------------------------------------
SIGNUP = knob("SIGNUP", bool, True, "Whether anyone may sign up (they stay unverified until checked).")
IDENTIFIER_DAYS = knob("IDENTIFIER_DAYS", int, 365, "Days for which it is kept what was decided about identifiers found in texts (never the texts).", at_least=1)
PSC_CLIENT_ID = knob("PSC_CLIENT_ID", str, "", "Pro Santé Connect: the client's name there; empty: nobody signs in with it.")
PSC_CLIENT_SECRET = knob("PSC_CLIENT_SECRET", str, "", "The client's secret there.")
PSC_ISSUER = knob("PSC_ISSUER", str, "https://auth.esw.esante.gouv.fr/auth/realms/esante-wallet", "Who signs its ID tokens; secret and tokens go to this host alone.").rstrip("/")
PSC_DISCOVERY = knob("PSC_DISCOVERY", str, "", "Where its configuration is; empty: the issuer, then /.well-known/wallet-openid-configuration.")
PSC_AUTHORIZATION = knob("PSC_AUTHORIZATION", str, "", "Where people are sent; empty: where the configuration says, https://wallet.esw.esante.gouv.fr/auth in production.")
PSC_APP_CALLBACK = knob("PSC_APP_CALLBACK", str, "", "The callback address that native apps own, such as https://consult.example/app/sign-in; empty: the browser alone.")
SESSION_AGE_S = knob("SESSION_AGE_S", int, 14 * 24 * 3600, "Seconds a session lasts.", at_least=60)
EMAIL_URL = knob("EMAIL_URL", str, "consolemail://", "smtp+tls://user:password@host:587; empty mails go to the log.")
PUBLIC_URL = knob("PUBLIC_URL", str, "", "https://consult.example: where links in mails of the worker lead; empty: the first of ALLOWED_HOSTS.")
EMAIL_FROM = knob("EMAIL_FROM", str, "Consult <noreply@localhost>", "Sender of mails.")
LOG_LEVEL = knob("LOG_LEVEL", str, "INFO", "Level of the JSON log.")
PROMETHEUS_DIR = knob("PROMETHEUS_MULTIPROC_DIR", str, "", "Folder in which several workers share their figures; set by consult.serve.")
if not PROMETHEUS_DIR:  # an empty line in an env file: prometheus-client would take it for the working folder
    os.environ.pop("PROMETHEUS_MULTIPROC_DIR", None)

AUTH_USER_MODEL = "clinicians.Person"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
ACCOUNT_ADAPTER = "consult.clinicians.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "optional"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_SIGNUP_FORM_HONEYPOT_FIELD = None
# A hospital sits behind one address: what counts an address is wide, what counts an account stays narrow.
ACCOUNT_RATE_LIMITS = {
    "login": "600/m/ip",
    "login_failed": "120/m/ip,10/300s/key",
    "signup": "120/m/ip",
    "reset_password": "60/m/ip,5/m/key",
    "reset_password_from_key": "60/m/ip",
}
ALLAUTH_TRUSTED_PROXY_COUNT = knob("TRUSTED_PROXIES", int, 0, "Reverse proxies before this service: from that place of X-Forwarded-For an address is counted.", at_least=0)
HEADLESS_ONLY = True
HEADLESS_CLIENTS = ("app", "browser")
HEADLESS_FRONTEND_URLS = {
    "account_confirm_email": "/sign-in?verify={key}",
    "account_reset_password": "/sign-in",
    "account_reset_password_from_key": "/sign-in?reset={key}",
    "account_signup": "/sign-in",
    "socialaccount_login_error": "/sign-in",
}
SESSION_COOKIE_AGE = SESSION_AGE_S
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = not LOCAL
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_TRUSTED_ORIGINS = ALLOWED_ORIGINS
CSRF_FAILURE_VIEW = "consult.api.csrf_failure"
SECURE_PROXY_SSL_HEADER = None if LOCAL else ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

# --- Django -----------------------------------------------------------------
INSTALLED_APPS = [
    "procrastinate.contrib.django",
    "consult.jobs",
    "consult.audit",
    "consult.standing",
    "consult.clinicians",
    "consult.images",
    "consult.push",
    "consult.rooms",
    "consult.cases",
    "consult.moderation",
    "consult.demo",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.headless",
]
MIDDLEWARE = [
    "consult.web.headers",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "consult.web.Compressed",
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "consult.web.sound_sign_in",
    "allauth.account.middleware.AccountMiddleware",
]
ROOT_URLCONF = "consult.urls"
ASGI_APPLICATION = "consult.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
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
LANGUAGE_CODE = "fr"
LANGUAGES = [("fr", "Français"), ("en", "English")]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"
STATIC_URL = "/static/"
STATIC_ROOT = None  # nothing is collected: WhiteNoise serves the built folder and the admin from where they are
FRONTEND_DIST = BASE_DIR / "frontend" / "dist"
STATICFILES_DIRS = [FRONTEND_DIST] if FRONTEND_DIST.is_dir() else []
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
WHITENOISE_IMMUTABLE_FILE_TEST = r"^/static/assets/.+-[\w-]{8}\.\w+$"  # Vite's names carry the hash of what is in them
APPEND_SLASH = False
EMAIL_CONFIG = environ.Env.email_url_config(EMAIL_URL)
vars().update(EMAIL_CONFIG)
EMAIL_TIMEOUT = 5  # seconds; a mail that cannot be sent never fails what it tells of (clinicians/adapter.py)
DEFAULT_FROM_EMAIL = EMAIL_FROM
PROCRASTINATE_AUTODISCOVER_MODULE_NAME = "jobs"  # each app declares its own there
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "consult.logs.JSONLines"}},
    "filters": {"strangers": {"()": "consult.logs.Strangers"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json", "filters": ["strangers"]}},
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    # httpx and httpcore name the address of each request, and who has a device's address can wake it: never below WARNING.
    "loggers": {
        "httpx": {"level": "WARNING"},
        "httpcore": {"level": "WARNING"},
        "hpack": {"level": "WARNING"},
        "fido2": {"level": "WARNING"},  # it names the keys of people
        "procrastinate": {"level": "WARNING"},  # below, a line for each job and minute
        "uvicorn.access": {"level": "WARNING"},
        "uvicorn.error": {"level": "WARNING"},
        "daphne": {"level": "WARNING"},
        "django.request": {"level": "ERROR"},
    },
}
