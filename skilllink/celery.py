"""The Celery application and the whole beat schedule as one table."""

import os
from datetime import timedelta
from typing import Any

from celery import Celery
from celery.schedules import crontab
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "skilllink.settings")

app = Celery("skilllink")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@app.on_after_configure.connect
def plan(sender: Celery, **_kwargs: Any) -> None:
    """The table; read late, because the durations are settings."""
    rules = settings.SKILLLINK
    every = rules["SWEEP_EVERY"]
    sender.conf.beat_schedule = {
        "sweep": {"task": "skilllink.sweep", "schedule": every},
        "relay": {"task": "users.relay", "schedule": every},
        "seal": {"task": "payment.seal", "schedule": rules["SEAL_EVERY"]},
        "anchor": {"task": "payment.anchor", "schedule": rules["ANCHOR_EVERY"]},
        "audit_ledger": {"task": "payment.audit_ledger", "schedule": rules["AUDIT_EVERY"]},
        "audit_ledger_whole": {"task": "payment.audit_ledger_whole", "schedule": crontab(hour=3, minute=20)},
        "catch_up": {"task": "payment.catch_up", "schedule": rules["CATCH_UP_EVERY"]},
        "heartbeat": {"task": "skilllink.heartbeat", "schedule": timedelta(seconds=3)},
    }
