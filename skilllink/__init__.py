"""SkillLink: a real-time freelance service marketplace."""

from skilllink.celery import app as celery_app

__all__ = ["celery_app"]
