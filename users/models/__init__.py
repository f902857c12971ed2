from users.models.block import Block
from users.models.moderation import Appeal, Report, Sanction, StaffAction
from users.models.notification import Delivery, Notification, NotificationCounter, Preference, QuietHours
from users.models.profile import Profile, Skill
from users.models.push import PushSubscription
from users.models.token import ApiToken
from users.models.user import User

__all__ = [
    "ApiToken",
    "Appeal",
    "Block",
    "Delivery",
    "Notification",
    "NotificationCounter",
    "Preference",
    "Profile",
    "PushSubscription",
    "QuietHours",
    "Report",
    "Sanction",
    "Skill",
    "StaffAction",
    "User",
]
