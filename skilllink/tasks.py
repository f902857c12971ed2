"""Tasks that belong to no app."""

from celery import shared_task

from skilllink import clocks, health


@shared_task(name="skilllink.sweep", ignore_result=True)
def sweep() -> dict[str, int]:
    """Run every clock that is due."""
    return clocks.sweep()


@shared_task(name="skilllink.heartbeat", ignore_result=True)
def heartbeat() -> None:
    """Proof that beat and worker live, for `/readyz`."""
    health.beat()
