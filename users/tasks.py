from celery import shared_task

from users.notifications import relay as outbox


@shared_task(name="users.relay", ignore_result=True)
def relay() -> dict[str, int]:
    """Send the due e-mails."""
    return outbox.relay()
