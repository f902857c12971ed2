"""Two people and everything they have between them, none of it anybody else's business."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from chat import groups, members, messages
from chat.models import Attachment, Message, Room
from payment import deposits, papers
from payment.models import Deposit, Transfer
from projects import bids, disputes, gigs, milestones, offers
from projects.models import BidFile, Contract, DeliveryFile, Dispute, Gig, GigFile, Milestone, Offer
from skilllink.ids import uuid7
from tests import cast
from tests.builders.projects_contracts import picture, signed_contract
from tests.builders.projects_gigs import LETTER, open_gig
from users.models import Notification, Profile, User


@dataclass
class World:
    """`ids` has every identifier of the two, by what it names."""

    client: User
    freelancer: User
    contract: Contract
    room: Room
    ids: dict[str, UUID] = field(default_factory=dict)

    def milestone(self, position: int) -> Milestone:
        return Milestone.objects.get(contract=self.contract, position=position)


def signed_in(user: User) -> Client:
    browser = Client()
    browser.force_login(user)
    return browser


def say(room: Room, author: User, body: str, **more: Any) -> Message:
    return messages.post(room, author, body, client_id=uuid7().hex, **more)


def build(ines: User, tomasz: User) -> World:
    """A contract with its room, delivery and dispute; an offer, a bid with its file, hidden and invited gigs."""
    contract = signed_contract(ines, tomasz, amounts=(120_000, 160_000, 40_000), spare=500_000)
    Gig.objects.filter(pk=contract.gig_id).update(visibility="invited")
    room = Room.objects.get(pk=contract.room_id)
    world = World(ines, tomasz, contract, room)
    message = say(room, ines, "Only between us")
    attachment = _attachment(room, ines)
    say(room, ines, "", attachments=[attachment.pk])
    first, second = world.milestone(1), world.milestone(2)
    milestones.deliver(first, by=tomasz, note="Here it is", files=[picture("a.png")])
    dispute: Dispute = disputes.open(second, by=ines, reason="It never came")
    invited = open_gig(ines, visibility="invited", files=[picture("plan.png")])
    gigs.invite(invited, tomasz, by=ines)
    bid = bids.submit(invited, tomasz, amount=295_000, days=25, letter=LETTER, files=[picture("sketch.png")])
    offer = offers.make(bid, by=ines)
    hidden = open_gig(ines)
    gigs.hide(hidden, by=cast.staff("Hida Moder", "Moderator"), reason="Breaks a rule")
    draft = gigs.save_draft(ines, title="Half")
    group = groups.create(ines, "Behind a key", public=False, key="a key of some length")
    members.join(group, tomasz, key="a key of some length")
    deposit = deposits.request(ines, 50_000, "USD")
    world.ids = {
        "client": ines.pk,
        "freelancer": tomasz.pk,
        "contract": contract.pk,
        "contract's gig": contract.gig_id,
        "contract's offer": Offer.objects.exclude(pk=offer.pk).get().pk,
        "milestone": first.pk,
        "disputed milestone": second.pk,
        "delivery's file": DeliveryFile.objects.get().pk,
        "dispute": dispute.pk,
        "room": room.pk,
        "message": message.pk,
        "attachment": attachment.pk,
        "group": group.pk,
        "invited gig": invited.pk,
        "hidden gig": hidden.pk,
        "draft": draft.pk,
        "gig's file": GigFile.objects.get().pk,
        "bid": bid.pk,
        "bid's file": BidFile.objects.get().pk,
        "offer": offer.pk,
        "deposit": deposit.pk,
        "paid deposit": Deposit.objects.filter(status="settled").first().pk,  # type: ignore[union-attr]
        "transfer": Transfer.objects.first().pk,  # type: ignore[union-attr]
        "paper": _paper(world),
        "notification": Notification.objects.filter(recipient=ines).first().pk,  # type: ignore[union-attr]
    }
    Profile.objects.filter(user__in=[ines, tomasz]).update(visibility="private")
    return world


def _paper(world: World) -> UUID:
    """The invoice of what the client paid before the work was done."""
    paid = world.milestone(3)
    milestones.release(paid, by=world.client)
    transfer = Transfer.objects.get(kind="release")
    return papers.issue(transfer)[0].pk


def _attachment(room: Room, author: User) -> Attachment:
    given = {"file": SimpleUploadedFile("notes.txt", b"kiln notes")}
    kept = signed_in(author).post(f"/messages/{room.pk}/files/", given).json()
    return Attachment.objects.get(pk=kept["id"])
