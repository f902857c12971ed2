"""When a gateway that gave no answer is asked again: soon, then ever less often, and never given up."""

from datetime import datetime, timedelta

from django.conf import settings

from skilllink.clocks import now

LONGEST = timedelta(hours=1)
DOUBLINGS = 10


def next_time(times: int) -> datetime:
    """The instant of the next question after `times` of them."""
    first: timedelta = settings.SKILLLINK["GATEWAY_ASK_AGAIN"]
    return now() + min(first * 2 ** min(times, DOUBLINGS), max(LONGEST, first))
