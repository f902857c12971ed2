from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from chat.models.room import Room
from skilllink.clocks import now
from skilllink.ids import uuid7


class Message(models.Model):
    """What somebody said, or (`notice`) what happened. `seq` is the number it was posted under."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    # found by its number's index
    room = models.ForeignKey(Room, models.CASCADE, db_index=False, related_name="messages")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="messages")
    seq = models.PositiveBigIntegerField()
    client_id = models.CharField(max_length=64, blank=True)
    body_hash = models.CharField(max_length=64, blank=True)
    body = models.TextField(blank=True)
    notice = models.CharField(max_length=60, blank=True, help_text=_("the event a system notice tells"))
    facts = models.JSONField(default=dict)
    reply_to = models.ForeignKey("self", models.SET_NULL, null=True, db_index=False, related_name="replies")
    at = models.DateTimeField(default=now)
    edited_at = models.DateTimeField(null=True)
    deleted_at = models.DateTimeField(null=True)
    deleted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, db_index=False, related_name="+"
    )
    pinned_at = models.DateTimeField(null=True)
    pinned_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, db_index=False, related_name="+")

    class Meta:
        verbose_name, verbose_name_plural = _("message"), _("messages")
        ordering = ("seq",)
        # no more than are asked: each message writes them all
        indexes = [
            # what is pinned in a room
            models.Index(fields=("room",), condition=Q(pinned_at__isnull=False), name="message_pinned"),
            # the answers to a message that goes with its room
            models.Index(fields=("reply_to",), condition=Q(reply_to__isnull=False), name="message_answers"),
        ]
        constraints = [
            models.UniqueConstraint(fields=("room", "seq"), name="message_number_once"),
            models.UniqueConstraint(
                fields=("room", "client_id"), condition=~Q(client_id=""), name="message_client_id_of_one"
            ),
            models.CheckConstraint(
                name="message_deleted_has_no_text", condition=Q(deleted_at__isnull=True) | Q(body="")
            ),
            models.CheckConstraint(
                name="message_deleted_by_when", condition=Q(deleted_by__isnull=True) | Q(deleted_at__isnull=False)
            ),
            models.CheckConstraint(
                name="message_pinned_by_somebody",
                condition=Q(pinned_at__isnull=True, pinned_by__isnull=True)
                | Q(pinned_at__isnull=False, pinned_by__isnull=False, deleted_at__isnull=True),
            ),
            models.CheckConstraint(name="message_author_or_notice", condition=Q(author__isnull=False) | ~Q(notice="")),
        ]

    def __str__(self) -> str:
        return f"{self.seq} in {self.room_id}"

    def get_absolute_url(self) -> str:
        """Where it stands in its room, however much was said since."""
        return f"{self.room.get_absolute_url()}?at={self.seq}#m-{self.pk}"


class MessageVersion(models.Model):
    """What a message said before an edit; goes when the message is deleted."""

    message = models.ForeignKey(Message, models.CASCADE, related_name="versions")
    body = models.TextField()
    at = models.DateTimeField(default=now)

    class Meta:
        verbose_name, verbose_name_plural = _("earlier wording"), _("earlier wordings")
        ordering = ("-at",)

    def __str__(self) -> str:
        return str(self.at)


def attachment_path(attachment: "Attachment", name: str) -> str:
    return f"attachments/{attachment.room_id}/{uuid7()}"


class Attachment(models.Model):
    """A file in a room: uploaded first, shown once a message carries it. `size` in bytes."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    room = models.ForeignKey(Room, models.CASCADE, related_name="attachments")
    uploader = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    message = models.ForeignKey(Message, models.CASCADE, null=True, related_name="attachments")
    file = models.FileField(upload_to=attachment_path)
    name = models.CharField(max_length=255)
    mime = models.CharField(max_length=100)
    size = models.PositiveBigIntegerField()
    # of a picture: a small one, to be seen in the conversation
    preview = models.FileField(upload_to=attachment_path, blank=True)
    preview_width = models.PositiveSmallIntegerField(null=True)
    preview_height = models.PositiveSmallIntegerField(null=True)
    created_at = models.DateTimeField(default=now)

    class Meta:
        verbose_name, verbose_name_plural = _("attachment"), _("attachments")
        indexes = [
            # the sweep of files that nobody sent
            models.Index(fields=("created_at",), condition=Q(message__isnull=True), name="attachment_unsent"),
            # how many a person has unsent
            models.Index(fields=("uploader",), condition=Q(message__isnull=True), name="attachment_unsent_of"),
        ]
        constraints = [
            models.CheckConstraint(
                name="attachment_preview_has_measures",
                condition=Q(preview="", preview_width__isnull=True, preview_height__isnull=True)
                | ~Q(preview="") & Q(preview_width__gt=0, preview_height__gt=0),
            )
        ]

    def __str__(self) -> str:
        return self.name


class Mention(models.Model):
    """A member of the room whom a message names with `@`; `words` is the name as it was typed."""

    message = models.ForeignKey(Message, models.CASCADE, related_name="mentions")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    words = models.CharField(max_length=80)

    class Meta:
        verbose_name, verbose_name_plural = _("mention"), _("mentions")
        constraints = [models.UniqueConstraint(fields=("message", "user"), name="mention_once")]

    def __str__(self) -> str:
        return f"@{self.words}"


class Reaction(models.Model):
    """One person's sign under one message."""

    message = models.ForeignKey(Message, models.CASCADE, related_name="reactions")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    sign = models.CharField(max_length=16)

    class Meta:
        verbose_name, verbose_name_plural = _("reaction"), _("reactions")
        constraints = [models.UniqueConstraint(fields=("message", "user", "sign"), name="reaction_once")]

    def __str__(self) -> str:
        return self.sign
