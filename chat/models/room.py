from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from skilllink.addresses import address
from skilllink.clocks import now
from skilllink.ids import uuid7


class RoomQuerySet(models.QuerySet["Room"]):
    def visible_to(self, user: Any) -> "RoomQuerySet":
        """The rooms a person is in; for everyone else they do not exist."""
        if not getattr(user, "is_authenticated", False):
            return self.none()
        return self.filter(memberships__user=user, memberships__left_at__isnull=True)

    def open_groups(self, user: Any) -> "RoomQuerySet":
        """Public group rooms that a person could join: those with somebody in them, and not the ones they were put
        out of. `people` says how many are in each."""
        here = Q(memberships__left_at__isnull=True)
        rows = self.filter(kind=Room.Kind.GROUP, public=True).annotate(people=models.Count("memberships", filter=here))
        return rows.filter(people__gt=0).exclude(memberships__in=Membership.objects.filter(user=user, banned=True))


class Room(models.Model):
    """A place to talk. `seq` is the number of its last event; `version` changes with every membership change."""

    class Kind(models.TextChoices):
        DIRECT = "direct", _("direct")
        BID = "bid", _("bid")
        CONTRACT = "contract", _("contract")
        GIG = "gig", _("questions about a gig")
        GROUP = "group", _("group")

    # rooms with an owner, who may put people out; one leaves them as one likes
    KEPT = (Kind.GROUP, Kind.GIG)

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    title = models.CharField(_("title"), max_length=120, blank=True)
    subject_id = models.UUIDField(
        _("belongs to"), null=True, blank=True, help_text=_("the gig's, bid's or contract's id")
    )
    pair = models.CharField(max_length=80, blank=True, help_text=_("the two people of a direct room, in order"))
    public = models.BooleanField(_("anyone may join"), default=False)
    key_hash = models.CharField(max_length=128, blank=True)
    capacity = models.PositiveSmallIntegerField(_("capacity"), default=100)
    seq = models.PositiveBigIntegerField(default=0)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(_("opened"), default=now)
    last_at = models.DateTimeField(_("last event"), default=now)
    hired = models.BooleanField(default=False, help_text=_("its people have or had a contract with each other"))
    unread_due_at = models.DateTimeField(
        null=True, blank=True, help_text=_("when somebody may have it unread too long")
    )

    objects = RoomQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("room"), _("rooms")
        ordering = ("-last_at",)
        constraints = [
            models.UniqueConstraint(fields=("pair",), condition=~Q(pair=""), name="room_direct_once"),
            models.UniqueConstraint(
                fields=("kind", "subject_id"), condition=Q(subject_id__isnull=False), name="room_of_subject_once"
            ),
        ]
        # the sweep of unread rooms
        indexes = [
            models.Index(fields=("unread_due_at",), condition=Q(unread_due_at__isnull=False), name="room_unread_due")
        ]

    def __str__(self) -> str:
        return self.title or self.get_kind_display()

    def get_absolute_url(self) -> str:
        return address("chat:room", self.pk)

    @property
    def hides_contact(self) -> bool:
        """Whether contact data is masked: where people talk before hire. A group is no place where one is hired."""
        return self.kind in (Room.Kind.DIRECT, Room.Kind.BID, Room.Kind.GIG) and not self.hired


class Membership(models.Model):
    """One person in one room, from a number on; `read_seq` is how far they have read.

    `muted` and `note` are this person's own business: nobody else is shown them.
    """

    class Role(models.TextChoices):
        OWNER = "owner", _("owner")
        MODERATOR = "moderator", _("moderator")
        MEMBER = "member", _("member")

    room = models.ForeignKey(Room, models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="memberships")
    role = models.CharField(_("role"), max_length=10, choices=Role, default=Role.MEMBER)
    joined_seq = models.PositiveBigIntegerField(default=0)
    read_seq = models.PositiveBigIntegerField(default=0)
    read_at = models.DateTimeField(null=True, blank=True)
    mailed_seq = models.PositiveBigIntegerField(default=0)  # how far e-mails have told them
    left_at = models.DateTimeField(null=True, blank=True)
    banned = models.BooleanField(_("banned"), default=False)
    silenced_until = models.DateTimeField(_("reads without writing until"), null=True, blank=True)
    muted = models.BooleanField(_("muted"), default=False)
    note = models.TextField(_("private note"), blank=True)

    class Meta:
        verbose_name, verbose_name_plural = _("membership"), _("memberships")
        constraints = [
            models.UniqueConstraint(fields=("room", "user"), name="membership_once"),
            models.CheckConstraint(
                name="membership_banned_is_out", condition=Q(banned=False) | Q(left_at__isnull=False)
            ),
            models.UniqueConstraint(
                fields=("room",), condition=Q(role="owner", left_at__isnull=True), name="room_has_one_owner"
            ),
        ]
        # my rooms
        indexes = [models.Index(fields=("user",), condition=Q(left_at__isnull=True), name="membership_of_person")]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.room_id}"


class Invitation(models.Model):
    """A person may enter a group room without its key; gone once they came in or said no."""

    room = models.ForeignKey(Room, models.CASCADE, related_name="invitations")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="room_invitations")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    at = models.DateTimeField(default=now)

    class Meta:
        verbose_name, verbose_name_plural = _("invitation to a room"), _("invitations to rooms")
        ordering = ("-at",)
        constraints = [models.UniqueConstraint(fields=("room", "person"), name="room_invitation_once")]

    def __str__(self) -> str:
        return f"{self.person_id} to {self.room_id}"


class RoomEvent(models.Model):
    """The room's log: gapless numbers, one per thing that happened. What it touched is read at its present state."""

    class Kind(models.TextChoices):
        POSTED = "message.posted"
        EDITED = "message.edited"
        DELETED = "message.deleted"
        REACTED = "message.reacted"
        PINNED = "message.pinned"
        UNPINNED = "message.unpinned"
        JOINED = "member.joined"
        LEFT = "member.left"
        INVITED = "member.invited"
        CHANGED = "member.changed"
        SETTLED = "room.changed"

    room = models.ForeignKey(Room, models.CASCADE, related_name="events")
    seq = models.PositiveBigIntegerField()
    kind = models.CharField(max_length=20, choices=Kind)
    message = models.ForeignKey("chat.Message", models.CASCADE, null=True, related_name="events")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(default=now)

    class Meta:
        verbose_name, verbose_name_plural = _("room event"), _("room events")
        ordering = ("seq",)
        # "everything after n" is a range of this one
        constraints = [models.UniqueConstraint(fields=("room", "seq"), name="room_event_number_once")]

    def __str__(self) -> str:
        return f"{self.seq} {self.kind}"
