"""Contracts for tests, made through the verbs: posted, bid for, offered, accepted."""

from io import BytesIO
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from payment import deposits
from projects import bids, gigs, offers
from projects.models import Activity, Category, Clock, Contract, Dispute, Milestone
from projects.models import Terms as SignedTerms
from users.models import Skill

TITLES = ("Calendar and import", "Booking flow", "Payments and e-mails", "Handover")


def signed_contract(
    client: Any,
    freelancer: Any,
    *,
    amounts: tuple[int, ...] = (120000, 160000),
    hold: str = "all",
    days: int = 14,
    spare: int = 0,
) -> Contract:
    """A running contract whose first milestone (or all) is funded; `spare` minor units stay in the client's wallet."""
    steps = [{"title": title, "amount": amount, "days": days} for title, amount in zip(TITLES, amounts, strict=False)]
    gig = gigs.post(
        client,
        title="Booking calendar for a ceramics studio",
        brief="Visitors book a wheel or a class online; the studio sees one calendar and is paid before the day.",
        category=Category.objects.first() or Category.objects.create(name="Web", slug="web"),
        skills=[Skill.objects.first() or Skill.objects.create(name="Django", slug="django")],
        budget_min=min(amounts),
        budget_max=sum(amounts),
        currency="USD",
    )
    bid = bids.submit(
        gig,
        freelancer,
        amount=sum(amounts),
        days=days * len(amounts),
        letter="I have built three booking calendars like this one and would start on Monday morning.",
        milestones=steps,
    )
    put_in_wallet(client, (sum(amounts) if hold == "all" else amounts[0]) + spare)
    offer = offers.make(bid, by=client, message="Please begin.", hold=hold, milestones=steps)
    contract: Contract = offers.accept(offer, by=freelancer)
    return contract


def put_in_wallet(user: Any, amount: int, currency: str = "USD") -> None:
    """Pay in minor units with the sandbox's good card."""
    deposits.pay(deposits.request(user, amount, currency), card="4242424242424242")


def snapshot(contract: Contract) -> dict[str, Any]:
    """Everything of a contract that a refusal must leave alone."""
    steps = Milestone.objects.filter(contract=contract).order_by("position")
    return {
        "milestones": list(steps.values("status", "version", "released", "refunded", "escrow__held", "amount")),
        "activity": Activity.objects.filter(subject_id=contract.pk).count(),
        "terms": SignedTerms.objects.filter(contract=contract).count(),
        "clocks": list(Clock.objects.filter(contract=contract).order_by("pk").values("kind", "due_at", "outcome")),
        "disputes": list(Dispute.objects.filter(milestone__contract=contract).values("status", "escrow__held")),
        "status": Contract.objects.values_list("status", flat=True).get(pk=contract.pk),
    }


def picture(name: str) -> SimpleUploadedFile:
    """A small real PNG."""
    content = BytesIO()
    Image.new("RGB", (8, 8), "white").save(content, "PNG")
    return SimpleUploadedFile(name, content.getvalue(), content_type="image/png")
