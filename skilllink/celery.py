"""The Celery application and the whole beat schedule as one table."""

import os

from celery import Celery
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "skilllink.settings")

app = Celery("skilllink")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

app.conf.beat_schedule = {
    "sweep": {"task": "skilllink.sweep", "schedule": settings.SKILLLINK["SWEEP_EVERY"]},
    "relay": {"task": "users.relay", "schedule": min(60.0, settings.SKILLLINK["SWEEP_EVERY"].total_seconds())},
    "audit_ledger": {"task": "payment.audit_ledger", "schedule": 600.0},
    "heartbeat": {"task": "skilllink.heartbeat", "schedule": 10.0},
}
