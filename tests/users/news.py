"""News of each group, and the relay at a time of one's choosing."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings

from skilllink import clocks
from skilllink.transactions import verb
from users.models import Notification
from users.notifications import inbox
from users.notifications.relay import relay

OF = {"bids": "bid.moved_up", "gigs": "gig.expiring", "money": "deposit.settled", "security": "sanction.lifted"}
DELAY: timedelta = settings.SKILLLINK["NOTIFICATION_MAIL_DELAY"]


@verb
def tell(person: Any, group: str, **params: Any) -> Notification:
    return inbox.notify(person, OF[group], **params)


def tell_at(moment: datetime, person: Any, group: str, **params: Any) -> Notification:
    with clocks.at(moment):
        return tell(person, group, **params)


def relay_at(moment: datetime) -> dict[str, int]:
    with clocks.at(moment):
        return relay()
