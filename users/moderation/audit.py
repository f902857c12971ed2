"""The staff log: every act of staff, with its reason."""

from typing import Any

from skilllink.transactions import inside_transaction
from users.models import StaffAction


@inside_transaction
def record(by: Any, action: str, *, subject: Any, reason: str) -> StaffAction:
    """Write down that `by` did `action` (`gig.hidden`) to `subject`, and why."""
    return StaffAction.objects.create(
        by=by, action=action, subject=str(subject)[:200], subject_id=str(subject.pk), reason=reason
    )
