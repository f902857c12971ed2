from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from skilllink.clocks import now
from skilllink.ids import uuid7


class NotificationCounter(models.Model):
    """The last number given in a person's notification log: gapless, because it is counted under this row's lock."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="notification_counter"
    )
    seq = models.PositiveBigIntegerField(default=0)

    class Meta:
        verbose_name, verbose_name_plural = _("notification counter"), _("notification counters")

    def __str__(self) -> str:
        return str(self.seq)


class NotificationQuerySet(models.QuerySet["Notification"]):
    def visible_to(self, user: Any) -> "NotificationQuerySet":
        return self.filter(recipient=user) if getattr(user, "is_authenticated", False) else self.none()

    def unread(self) -> "NotificationQuerySet":
        return self.filter(read_at__isnull=True)


class Notification(models.Model):
    """A row that tells one person one thing. The words come from `users.notifications.sentences`."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    # found by its number's index
    recipient = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, db_index=False, related_name="notifications"
    )
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, db_index=False, related_name="+")
    seq = models.PositiveBigIntegerField()
    event = models.CharField(_("event"), max_length=60)
    params = models.JSONField(default=dict)
    url = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(default=now)
    read_at = models.DateTimeField(null=True, blank=True)
    rings = models.BooleanField(_("counted by the bell"), default=True)

    objects = NotificationQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("notification"), _("notifications")
        ordering = ("-seq",)
        constraints = [models.UniqueConstraint(fields=("recipient", "seq"), name="notification_number_once")]
        # the bell's count
        indexes = [models.Index(fields=("recipient",), condition=Q(read_at__isnull=True), name="notification_unread")]

    def __str__(self) -> str:
        return self.event

    @property
    def sentence(self) -> str:
        from users.notifications.sentences import sentence

        return sentence(self.event, self.params)


class Delivery(models.Model):
    """The outbox: one thing to tell one person, sent once it is due and if it is still news then.

    It tells of a notification, or (`subject_kind`) of what an app registered in `users.notifications.sources`.
    """

    class Status(models.TextChoices):
        WAITING = "waiting", _("waiting")
        SENT = "sent", _("sent")
        SKIPPED = "skipped", _("not needed")
        DEAD = "dead", _("given up")

    class Channel(models.TextChoices):
        MAIL = "mail", _("e-mail")
        PUSH = "push", _("push")

    recipient = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="deliveries")
    channel = models.CharField(_("way"), max_length=4, choices=Channel, default=Channel.MAIL)
    address = models.EmailField(_("to another address of theirs"), blank=True)
    notification = models.ForeignKey(Notification, models.CASCADE, null=True, blank=True, related_name="deliveries")
    subject_kind = models.CharField(_("about a"), max_length=20, blank=True)
    subject_id = models.UUIDField(_("about"), null=True, blank=True)
    status = models.CharField(_("status"), max_length=8, choices=Status, default=Status.WAITING)
    due_at = models.DateTimeField(_("due"))
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    error = models.CharField(_("last error"), max_length=200, blank=True)

    class Meta:
        verbose_name, verbose_name_plural = _("delivery"), _("deliveries")
        constraints = [
            models.CheckConstraint(
                name="delivery_tells_something",
                condition=Q(notification__isnull=False, subject_kind="", subject_id__isnull=True)
                | Q(notification__isnull=True, subject_id__isnull=False) & ~Q(subject_kind=""),
            ),
            models.UniqueConstraint(
                fields=("recipient", "channel", "address", "subject_kind", "subject_id"),
                condition=Q(status="waiting", notification__isnull=True),
                name="delivery_waits_once",
            ),
            models.UniqueConstraint(fields=("notification", "channel"), name="delivery_once"),
        ]
        indexes = [
            # the relay's query
            models.Index(fields=("due_at",), condition=Q(status="waiting"), name="delivery_due"),
            # what else is due for the same person
            models.Index(fields=("recipient",), condition=Q(status="waiting"), name="delivery_of_person"),
        ]

    def __str__(self) -> str:
        return f"{self.notification_id or self.subject_kind} {self.status}"


class Preference(models.Model):
    """How one kind of notification reaches a person. No row means the defaults; money and security ignore it."""

    class Mail(models.TextChoices):
        AT_ONCE = "at_once", _("At once")
        HOURLY = "hourly", _("Every hour")
        DAILY = "daily", _("Once a day")
        NEVER = "never", _("Never")

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="preferences")
    group = models.CharField(max_length=20)
    bell = models.BooleanField(default=True)
    push = models.BooleanField(default=True)
    mail = models.CharField(max_length=8, choices=Mail, default=Mail.AT_ONCE)

    class Meta:
        verbose_name, verbose_name_plural = _("notification preference"), _("notification preferences")
        constraints = [models.UniqueConstraint(fields=("user", "group"), name="preference_once")]

    def __str__(self) -> str:
        return f"{self.group} {self.mail}"


class QuietHours(models.Model):
    """Between these two times of the person's own day nothing is sent but what must not wait. No row: never quiet."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="quiet_hours")
    begins = models.TimeField(_("from"))
    ends = models.TimeField(_("until"))

    class Meta:
        verbose_name, verbose_name_plural = _("quiet hours"), _("quiet hours")
        constraints = [models.CheckConstraint(name="quiet_hours_last", condition=~Q(begins=models.F("ends")))]

    def __str__(self) -> str:
        return f"{self.begins:%H:%M}–{self.ends:%H:%M}"
