"""The product's settings, with what makes tests quick and alone: cheap password hashes, mail in memory."""

import os
import tempfile

os.environ.setdefault("DATA_DIR", tempfile.mkdtemp(prefix="skilllink-test-"))
os.environ.setdefault("SKILLLINK_PRODUCTION", "0")

from skilllink.settings import *  # noqa: F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
if DATABASES["default"]["ENGINE"].endswith("postgresql"):  # noqa: F405
    # twenty at once on a busy machine wait longer for a connection and a lock than anybody would be asked to
    DATABASES["default"]["OPTIONS"]["pool"]["timeout"] = 60  # noqa: F405
    DATABASES["default"]["OPTIONS"]["options"] = "-c lock_timeout=30000 -c statement_timeout=60000"  # noqa: F405
REST_FRAMEWORK = {**REST_FRAMEWORK, "DEFAULT_THROTTLE_CLASSES": []}  # noqa: F405
ACCOUNT_RATE_LIMITS = False
