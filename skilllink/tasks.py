"""Tasks that belong to no app."""

from celery import shared_task

from skilllink import clocks


@shared_task(name="skilllink.sweep")
def sweep() -> dict[str, int]:
    """Run every clock that is due."""
    return clocks.sweep()


@shared_task(name="skilllink.heartbeat")
def heartbeat() -> None:
    """Proof that beat and worker live."""
