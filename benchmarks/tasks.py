"""The peer of the sweep: a Celery application with one task, on the product's own settings and verbs."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "skilllink.settings")
app = Celery("each")  # its Django fixup sets Django up
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.task_default_queue = "each"


@app.task(name="each.release")
def release_one(milestone: str) -> None:
    """Pay what the review window's silence says; an empty id only proves that a worker is there."""
    from projects import milestones

    if milestone:
        milestones.release_by_clock(milestone)
