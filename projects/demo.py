"""Demo data, made only through the verbs, at moments of the past, so that every page looks alive."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from chat import groups, invitations, members, messages, mine, openings, pins, roles
from chat.models import Message, Room
from payment import audit, causes, clearing, deposits, donations, papers, payout_methods, payouts
from payment.gateways.sandbox import bank
from payment.gateways.sandbox.cards import DECLINED, GOOD, GOOD_BANK, UNSURE
from payment.models import Cause, Payout, Transfer
from projects import (
    bids,
    bonuses,
    contracts,
    disputes,
    feedback,
    gigs,
    hours,
    milestones,
    offers,
    questions,
    sweeps,
    tips,
)
from projects.models import Bid, Contract, Gig, Milestone, Offer
from skilllink import clocks
from skilllink.given import given
from skilllink.ids import uuid7
from skilllink.transactions import whole
from users import people
from users.models import User
from users.moderation import appeals, reports, sanctions

PASSWORD = "skilllink-demo"
DOMAIN = "demo.skilllink.test"
GOOD_CARD, DECLINED_CARD, UNSURE_CARD = GOOD, DECLINED, UNSURE

CLIENTS = [
    ("Jardí Botànic Sóller", "soller", "Europe/Madrid", "A public garden with nine hectares and one gardener too few"),
    ("Nora Lindholm", "nora", "Europe/Stockholm", "Runs a small chain of bakeries"),
    ("Baraka Mwangi", "baraka", "Africa/Nairobi", "Logistics for fresh flowers"),
    ("Hélène Girard", "helene", "Europe/Paris", "Publishes maps and walking guides"),
    ("Gideon Pratt", "gideon", "Europe/London", "Sells what others grow"),
]
FREELANCERS = [
    (
        "Marta Lindqvist",
        "marta",
        "Europe/Stockholm",
        "Environmental graphics, Uppsala",
        ["Wayfinding", "Map design", "Typography"],
    ),
    ("Jun Ota", "jun", "Asia/Tokyo", "Signs and maps, Kyoto and Lisbon", ["Wayfinding", "Signage", "Map design"]),
    (
        "Priya Raman",
        "priya",
        "Europe/London",
        "Accessible information design, Leeds",
        ["Information design", "Typography"],
    ),
    ("Elif Demir", "elif", "Europe/Istanbul", "Landscape architect, Izmir", ["Landscape design", "Wayfinding"]),
    ("Luc Ferrand", "luc", "Europe/Madrid", "Sign maker, Sóller", ["Signage", "Print production"]),
    ("Sam Whitlock", "sam", "America/New_York", "Illustrated maps", ["Illustration", "Map design"]),
    ("Noor Haddad", "noor", "Asia/Amman", "Wayfinding for hospitals, Amman", ["Wayfinding", "User research"]),
    ("Ingrid Solheim", "ingrid", "Europe/Oslo", "Type and posters", ["Typography", "Print production"]),
    ("Diego Paredes", "diego", "America/Lima", "Python and data", ["Python", "PostgreSQL", "Testing"]),
    ("Aiko Tanabe", "aiko", "Asia/Tokyo", "Front ends that load fast", ["JavaScript", "Web design"]),
    ("Moses Adeyemi", "moses", "Africa/Lagos", "Back ends for shops", ["Python", "SQL"]),
    (
        "Clara Brandt",
        "clara",
        "Europe/Berlin",
        "Technical writing in two languages",
        ["Technical writing", "Translation"],
    ),
]
GARDEN = """The garden has grown faster than its signs. Visitors miss the fern house, and we print a map that nobody can fold. \
We need a system that a gardener can extend with a new bed in an afternoon.

- Sign family: entrance, path, bed, plant label
- One folded map and its web version
- Catalan, Spanish, English; readable at 1.2 m from a wheelchair
- Drawings that our workshop can cut from

Please say how you would test it with visitors."""
LETTER = (
    "I would begin with a walk through the garden on a busy Sunday and note where people stop. Then three test signs in "
    "cardboard, moved twice, before anything is cut. The map folds once."
)
BEDS = "bed,plant,label\n1,Dicksonia antarctica,missing\n2,Woodwardia radicans,faded\n3,Osmunda regalis,missing\n"
# days ago, client, freelancer, title, cents, and what each wrote about the other
EARLIER = [
    (58, "nora", "freelancer", "Opening hours that follow the ovens", 84000,
     "Seven shops, seven sets of hours, and not one wrong since.", "Answered within the hour, even at four in the morning."),
    (50, "helene", "freelancer", "Forty bakeries on one walking map", 126000,
     "The map folds, and the web page prints as the map.", "Knew the paths by heart and paid the day I delivered."),
    (46, "client", "ingrid", "Labels for a glaze shelf", 52000,
     "You can read them with wet hands and no glasses.", "Clear wishes, quick decisions, and tea."),
]  # fmt: skip
# keeper, title, one sentence, what the money is for, cents: verified, waiting, not verified
DONATED = """One sheet that a class of twelve can read: what is sown where, and in which week.

- A bed of four metres, drawn once from above and once from the side
- Twelve plants with a drawing each; we have the list and photographs
- Black and white first, so that every school can copy it

The work is donated: nothing is paid, and your name stands on every sheet."""
CAUSES = [
    ("elif", "Seeds for forty school gardens", "A bed, tools and seeds for every school that asks, from March on.",
     "Each school gets **a bed of four metres**, tools for twelve children and seeds for two years.\n\n"
     "- Three teachers and a gardener decide, in an open meeting\n- Receipts are read out there and kept on a page\n"
     "- What is left at the end of the year goes into the next", 120000),
    ("clara", "A library of things in Neukölln", "Ladders, drills and tents that a street shares.",
     "We rent a cellar and insure what is lent. The street’s assembly decides what is bought.", 400000),
    ("sam", "A press for small maps", "An old proof press, moved and repaired.", "It stands in a barn and should not.", 250000),
]  # fmt: skip
STEPS = [
    ("Calendar and import", 120000, 12),
    ("Booking flow", 160000, 14),
    ("Payments and e-mails", 80000, 20),
    ("Handover", 120000, 30),
]


def exists() -> bool:
    return User.objects.filter(email=f"client@{DOMAIN}").exists()


class Unbalanced(RuntimeError):
    """The books of the demo have violations; nothing of it is kept."""


def write(say: Callable[[str], Any]) -> None:
    """The whole story, oldest first, and the audit: kept as one, so that a demo that exists is whole.

    `say` gets the name of each chapter as it begins. Raises Unbalanced with every violation.
    """
    with whole():
        for chapter in Story().tell():
            say(chapter)
        if found := audit.run():
            raise Unbalanced("\n".join(f"{row.invariant} {row.row}: {row.found}" for row in found))


class Story:
    """Keeps the cast and the present moment of the telling."""

    def __init__(self) -> None:
        self.today = timezone.now().replace(second=0, microsecond=0)
        self.cast: dict[str, User] = {}
        # hashed once: the same published password twenty-five times
        self.hash = make_password(PASSWORD)

    def ago(self, days: float) -> Any:
        """It is that many days ago inside the block."""
        return clocks.at(self.today - timedelta(days=days))

    def tell(self) -> Iterator[str]:
        """Tell it; yields the name of each chapter before it begins."""
        yield "people"
        with self.ago(60):
            self.people()
        yield "gigs and bids"
        self.garden()
        self.gigs_in_every_state()
        yield "contracts"
        self.by_the_hour()
        self.earlier_work()
        self.calendar()
        self.contracts_in_every_state()
        self.offers_in_every_state()
        self.paid_out()
        yield "gifts"
        self.gifts()
        yield "talk and moderation"
        self.talk()
        self.moderation()
        yield "papers"
        self.papers()

    def papers(self) -> None:
        """What the sweep would make a minute after the story is told."""
        for row in Transfer.objects.filter(kind__in=papers.KINDS).order_by("at", "pk"):
            papers.issue(row)

    def person(self, key: str, name: str, **facts: Any) -> User:
        user = people.register(f"{key}@{DOMAIN}", None, name, **facts)
        User.objects.filter(pk=user.pk).update(password=self.hash)
        self.cast[key] = user
        return user

    def people(self) -> None:
        self.person(
            "client",
            "Ines Varga",
            client=True,
            freelancer=False,
            timezone="Europe/Budapest",
            headline="Runs a ceramics studio with eleven wheels",
        )
        self.person(
            "freelancer", "Tomasz Okoro", client=False, freelancer=True, timezone="Africa/Lagos",
            headline="Booking systems and maps, Lagos", rate_amount=6500, languages="English, Polish, Yoruba",
            overview="I build calendars that do not double-book. Twelve years of Python; the last five for studios, clinics and gardens.",
            skills=["Python", "JavaScript", "Wayfinding", "Map design"],
        )  # fmt: skip
        for name, key, zone, headline in CLIENTS:
            self.person(key, name, client=True, freelancer=False, timezone=zone, headline=headline)
        for rate, (name, key, zone, headline, skills) in enumerate(FREELANCERS):
            self.person(
                key,
                name,
                client=key == "elif",  # who keeps the cause with work to give
                freelancer=True,
                timezone=zone,
                headline=headline,
                skills=skills,
                rate_amount=4000 + 350 * rate,
            )
        for key, name, group in (
            ("moderator", "Mira Keller", "Moderator"), ("moderator2", "Otto Brandt", "Moderator"),
            ("finance", "Fatima Noor", "Finance"), ("finance2", "Felix Ahn", "Finance"), ("admin", "Ada Root", ""),
        ):  # fmt: skip
            user = self.person(key, name, client=False, freelancer=False)
            user.is_staff, user.is_superuser = True, not group
            user.save(update_fields=["is_staff", "is_superuser"])
            if group:
                user.groups.add(Group.objects.get(name=group))

    def fund(self, who: str, amount: int) -> None:
        deposits.pay(deposits.request(self.cast[who], amount, "USD"), card=GOOD_CARD)

    def gig(self, who: str, title: str, brief: str, **facts: Any) -> Gig:
        fields: dict[str, Any] = {
            "category": "design",
            "skills": ["Wayfinding"],
            "budget_min": 250000,
            "budget_max": 400000,
            "currency": "USD",
        } | facts
        return gigs.post(self.cast[who], title=title, brief=brief, **fields)

    def bid(self, gig: Gig, who: str, amount: int, days: int, steps: list[Any] | None = None) -> Bid:
        parts = [{"title": t, "amount": a, "days": d} for t, a, d in steps or []]
        return bids.submit(gig, self.cast[who], amount=amount, days=days, letter=LETTER, milestones=parts)

    def hire(
        self, client: str, freelancer: str, title: str, steps: list[Any], *, hold: str = "first", losing: str = ""
    ) -> Contract:
        total = sum(amount for _t, amount, _d in steps)
        gig = self.gig(client, title, f"{title}. " + GARDEN[:400], budget_min=total // 2, budget_max=total * 2)
        bid = self.bid(gig, freelancer, total, sum(d for _t, _a, d in steps), steps)
        if losing:
            self.bid(gig, losing, total + 20000, 21)
        self.fund(client, total)
        offer = offers.make(bid, by=self.cast[client], message="Please begin.", hold=hold)
        contract: Contract = offers.accept(offer, by=self.cast[freelancer])
        return contract

    def say(self, contract: Contract, who: str, body: str) -> Message:
        return self.write(Room.objects.get(pk=given(contract.room_id)), who, body)

    def write(self, room: Room, who: str, body: str, **more: Any) -> Message:
        message: Message = messages.post(room, self.cast[who], body, client_id=uuid7().hex, **more)
        return message

    def by_the_hour(self) -> None:
        """A contract that goes on in weeks: one is over for good, the last is handed in, hours are logged in this one.

        The first that is told: its clocks ring, and there are no others yet.
        """
        nora, moses = self.cast["nora"], self.cast["moses"]
        midnight = self.today.astimezone(UTC).replace(hour=0, minute=0)
        monday = midnight - timedelta(days=midnight.weekday())
        with clocks.at(monday - timedelta(days=17)):
            title = "A till that knows the ovens"
            weeks = {"kind": "hourly", "hours_per_week": 10, "duration_weeks": 8}
            gig = self.gig("nora", title, f"{title}. {GARDEN[:400]}", budget_min=4000, budget_max=5000, **weeks)
            bid = bids.submit(gig, moses, amount=4500, hours=10, letter=LETTER)
            self.fund("nora", 3 * 10 * 4500)
            contract = offers.accept(offers.make(bid, by=nora, message="Please begin."), by=moses)
        day = monday - timedelta(days=14)
        while day <= self.today:
            with clocks.at(day):
                while sweeps.sweep():
                    continue
            if day.weekday() in (1, 3) and not day.hour:
                self.work(contract, day + timedelta(hours=8), minutes=150)
            day += timedelta(hours=12)

    def work(self, contract: Contract, begins: datetime, *, minutes: int) -> None:
        ends = begins + timedelta(minutes=minutes)
        if ends > self.today:
            return
        with clocks.at(ends):
            week = contract.milestones.get(week__isnull=False, status=Milestone.Status.FUNDED)
            hours.log(
                week, by=self.cast["moses"], begins_at=begins, ends_at=ends, memo="Wired the oven’s sensor to the till."
            )

    def earlier_work(self) -> None:
        """What the main accounts did before: their profiles have a past, with reviews from both sides."""
        for days, client, freelancer, title, amount, of_freelancer, of_client in EARLIER:
            with self.ago(days):
                contract = self.hire(client, freelancer, title, [("All of it", amount, 10)], losing="elif")
            with self.ago(days - 7):
                milestones.deliver(
                    contract.milestones.get(),
                    by=self.cast[freelancer],
                    note="All of it, as agreed; one page tells how to change it.",
                )
            with self.ago(days - 8):
                milestones.release(contract.milestones.get(), by=self.cast[client])
                self.review(contract, client, freelancer, of_freelancer, of_client)

    def review(self, contract: Contract, client: str, freelancer: str, of_freelancer: str, of_client: str) -> None:
        axes = {"quality": 5, "communication": 5, "deadlines": 4, "scope": 5}
        feedback.write(contract, by=self.cast[client], axes=axes, text=of_freelancer)
        back = {"payment": 5, "clarity": 4, "communication": 5, "stability": 5}
        feedback.write(contract, by=self.cast[freelancer], axes=back, text=of_client)

    def calendar(self) -> None:
        """The contract of the demo's two main accounts: one released, one to review, one held, one not funded."""
        ines, tomasz = self.cast["client"], self.cast["freelancer"]
        with self.ago(20):
            contract = self.hire("client", "freelancer", "Booking calendar for a ceramics studio", STEPS)
        first, second, third, _fourth = contract.milestones.order_by("position")
        with self.ago(19):
            self.say(contract, "freelancer", "Thank you. I start with the import of your old calendar.")
            self.say(contract, "client", "Good. It is a spreadsheet that three people edited, be gentle.")
        with self.ago(9):
            milestones.deliver(
                first, by=tomasz, note="Calendar and import, with the three clashes I found in your data."
            )
        with self.ago(8):
            milestones.release(first, by=ines)
            self.fund("client", 14000)
            tips.give(first, by=ines, amount=4000, note="For the three clashes you found.")
            bonuses.pay(contract, by=ines, amount=10000, note="For the import that nobody else wanted to do.")
        with self.ago(6):
            milestones.fund(second, by=ines)
            milestones.fund(third, by=ines)
        with self.ago(4):
            milestones.deliver(second, by=tomasz, note="The booking flow, first round.")
        with self.ago(3):
            milestones.request_changes(
                second, by=ines, reason="Times show the server’s zone.", items=["Show times in the visitor’s zone"]
            )
        with self.ago(1):
            milestones.deliver(
                second, by=tomasz, note="Times follow the visitor’s own zone now, and the list stays put."
            )
            self.say(
                contract,
                "freelancer",
                "Second delivery is up. Times now follow the visitor’s own zone, and the list stays put when a slot goes.",
            )
        with self.ago(0.1):
            self.say(contract, "client", "Lovely. What happens when two people tap the same slot?")
        with self.ago(0.05):
            self.say(
                contract,
                "freelancer",
                "The second one sees it was just taken and gets the three nearest times.\n\nI wrote a test for exactly that.",
            )

    def garden(self) -> None:
        with self.ago(5):
            gig = self.gig("soller", "Wayfinding for a botanical garden", GARDEN, board_mode="open", bidding_days=14,
                           files=[SimpleUploadedFile("beds.csv", BEDS.encode(), "text/csv")],
                           skills=["Wayfinding", "Map design", "Typography", "Print production"])  # fmt: skip
        amounts = [
            (315000, 24),
            (340000, 30),
            (362000, 21),
            (278000, 28),
            (415000, 35),
            (260000, 20),
            (330000, 26),
            (352000, 27),
        ]
        for turn, ((_n, key, *_rest), (amount, days)) in enumerate(zip(FREELANCERS, amounts, strict=False)):
            with self.ago(4 - turn * 0.4):
                self.bid(gig, key, amount, days)
        with self.ago(2):
            mine = self.bid(
                gig, "freelancer", 295000, 25, [("Walk and test signs", 95000, 10), ("Sign family and map", 200000, 15)]
            )
        with self.ago(1.5):
            bids.mark_viewed(mine, by=self.cast["soller"])
            bids.shortlist(mine, by=self.cast["soller"])
        with self.ago(0.5):
            bids.withdraw(Bid.objects.get(gig=gig, freelancer=self.cast["sam"]), by=self.cast["sam"])

    def gigs_in_every_state(self) -> None:
        brief = "We have done this by hand for four years and would like to stop. Tell us what you would do first, and what you would leave alone."
        with self.ago(3):
            sealed = self.gig(
                "client",
                "Glaze catalogue with a search that potters understand",
                brief,
                category="web",
                skills=["Python", "PostgreSQL"],
            )
            hidden = self.gig(
                "baraka",
                "Chat bot that answers flower growers",
                brief,
                board_mode="no_amounts",
                skills=["Python"],
                category="web",
            )
            paused = self.gig(
                "nora",
                "Bread labels in four languages",
                brief,
                skills=["Translation", "Typography"],
                category="writing",
            )
            closed = self.gig(
                "helene",
                "Proofread a walking guide to the Cévennes",
                brief,
                skills=["Proofreading"],
                category="writing",
            )
            reported = self.gig(
                "gideon", "Pay me outside and I pay you double", brief, skills=["Social media"], category="marketing"
            )
            gigs.save_draft(
                self.cast["client"], title="Photographs of forty bowls", brief="Daylight, white paper, one afternoon."
            )
            hourly = self.gig(
                "soller", "Evenings at the desk of a seed library", brief, kind="hourly", budget_min=3500, budget_max=5500,
                hours_per_week=12, duration_weeks=10, board_mode="open", category="writing", skills=["Translation"],
            )  # fmt: skip
        with self.ago(2):
            for key, amount in (("diego", 310000), ("moses", 280000), ("aiko", 345000)):
                self.bid(sealed, key, amount, 30)
            for key, rate, most in (("clara", 4200, 12), ("sam", 3900, 8)):
                bids.submit(hourly, self.cast[key], amount=rate, hours=most, letter=LETTER)
            self.bid(hidden, "diego", 290000, 25)
            self.bid(paused, "clara", 300000, 14)
        with self.ago(1):
            bids.shortlist(Bid.objects.get(gig=sealed, freelancer=self.cast["moses"]), by=self.cast["client"])
            bids.decline(
                Bid.objects.get(gig=sealed, freelancer=self.cast["aiko"]), by=self.cast["client"],
                reason="We need someone who has worked with glaze chemistry data before.",
            )  # fmt: skip
            gigs.pause(paused, by=self.cast["nora"])
            gigs.close(closed, by=self.cast["helene"])
            gigs.hide(reported, by=self.cast["moderator"], reason="Asks to pay outside the platform.")
        with self.ago(50):
            forgotten = self.gig(
                "baraka", "Boxes that keep peonies closed", brief, category="engineering", skills=["Product design"]
            )
        with self.ago(15):
            gigs.expire(forgotten)
        with self.ago(1):
            private = self.gig(
                "helene", "Check the names of nine hundred streams", brief, category="writing",
                skills=["Proofreading", "Translation"], visibility="invited",
            )  # fmt: skip
            for key in ("clara", "freelancer"):
                gigs.invite(private, self.cast[key], by=self.cast["helene"])
            self.gig(
                "nora", "A bread calendar for the staff room", brief, skills=["Illustration"], visibility="members"
            )
        with self.ago(0.2):
            self.gig(
                "helene",
                "Redraw forty relief maps for print",
                brief,
                skills=["Map design", "Illustration"],
                board_mode="open",
            )

    def contracts_in_every_state(self) -> None:
        with self.ago(12):
            done = self.hire("nora", "ingrid", "Posters for seven bakeries", [("All seven posters", 90000, 10)])
            disputed = self.hire("baraka", "moses", "Stock counts from cold rooms", [("Reader and import", 150000, 10)])
            refunded = self.hire("helene", "jun", "Legend for a hiking map", [("Legend", 60000, 10)])
        with self.ago(9):
            step = done.milestones.get()
            milestones.deliver(step, by=self.cast["ingrid"], note="Seven posters, print-ready.")
            milestones.deliver(disputed.milestones.get(), by=self.cast["moses"], note="Reader and import.")
        with self.ago(8):
            milestones.release(step, by=self.cast["nora"])
            self.review(
                done, "nora", "ingrid",
                "She asked about the ovens first, then drew. We reprinted nothing.", "Knew what they wanted, paid the same day.",
            )  # fmt: skip
            milestones.refund(refunded.milestones.get(), by=self.cast["jun"])
        self.translation()
        self.archive()
        with self.ago(10):
            ending = self.hire("baraka", "aiko", "Board of departures for a packing hall", [("Board", 110000, 14)])
        with self.ago(2):
            contracts.end(ending, by=self.cast["baraka"], reason="The packing hall moves; we need no board there.")
            disputes.open(
                disputed.milestones.get(),
                by=self.cast["baraka"],
                amount=80000,
                reason="Half of the counts are off by one crate.",
            )

    def translation(self) -> None:
        """Every answer to a milestone that isn't money: changes, a refund asked for, a further one proposed."""
        parts = [("Handbook, chapters 1 to 4", 70000, 10), ("Chapters 5 to 9", 80000, 20)]
        with self.ago(11):
            contract = self.hire("nora", "clara", "A bakery’s handbook in German", parts, hold="all", losing="ingrid")
        first, second = contract.milestones.order_by("position")
        with self.ago(5):
            milestones.deliver(first, by=self.cast["clara"], note="Chapters 1 to 4, with a list of words I chose.")
        with self.ago(4):
            milestones.request_changes(
                first, by=self.cast["nora"], reason="Our bakers say “Teigling”.", items=["Use our own word list", "Number the steps"]
            )  # fmt: skip
        with self.ago(2):
            milestones.request_refund(second, by=self.cast["nora"], reason="We may leave these chapters in English.")
            milestones.propose(contract, by=self.cast["clara"], title="One page for the wall", amount=18000, days=5)

    def archive(self) -> None:
        """A dispute that a moderator has settled."""
        with self.ago(30):
            contract = self.hire("helene", "diego", "Import of an old photo archive", [("Import", 120000, 12)])
        with self.ago(22):
            milestones.deliver(contract.milestones.get(), by=self.cast["diego"], note="Nine thousand pictures, dated.")
        with self.ago(21):
            dispute = disputes.open(
                contract.milestones.get(), by=self.cast["helene"], amount=120000, reason="A third of the dates is wrong."
            )  # fmt: skip
        with self.ago(20):
            disputes.answer(dispute, by=self.cast["diego"], text="The dates are those on the prints, as we had agreed.")
        with self.ago(16):
            disputes.settle(
                dispute, by=self.cast["moderator"], to_freelancer=90000,
                reason="The brief says “as printed”; the prints without a date were not marked.",
            )  # fmt: skip

    def paid_out(self) -> None:
        """A bank account, a payout that arrived and one in the queue."""
        who = self.cast["freelancer"]
        with self.ago(20):
            account = payout_methods.add(who, holder=who.name, currency="USD", number=GOOD_BANK)
            payout_methods.confirm(account, by=who, signed_in_at=clocks.now())
        with self.ago(9):
            while clearing.sweep():
                continue
            self.arrive(payouts.request(who, account, 90000, "USD", token="demo: arrived"))
        payouts.request(who, account, 47500, "USD", token="demo: queued")

    def arrive(self, payout: Payout) -> None:
        with clocks.at(payout.due_at):
            payouts.sweep()
        with clocks.at(payout.due_at + timedelta(hours=1)):
            bank.happen()
            payouts.sweep()

    def offers_in_every_state(self) -> None:
        """Waiting for the demo's freelancer; countered; declined."""
        with self.ago(2):
            self.offer("nora", "freelancer", "Order sheet that works on a phone", 140000)
            room = Room.objects.filter(memberships__user=self.cast["nora"], kind="bid").get()
            self.write(room, "nora", "We would like to begin next week. Does the sheet work without a signal?")
            countered = self.offer("helene", "clara", "Index for a walking guide", 60000)
            declined = self.offer("baraka", "jun", "Signs for four cold rooms", 75000)
        with self.ago(1.8):
            self.write(room, "freelancer", "It keeps what you typed and sends it when the signal is back.")
            offers.counter(
                countered,
                by=self.cast["clara"],
                amount=72000,
                milestones=[{"title": "All of it", "amount": 72000, "days": 14}],
                message="Nine hundred names need two more days.",
            )
            offers.decline(declined, by=self.cast["jun"], reason="I am on the road until the new year.")

    def offer(self, client: str, freelancer: str, title: str, amount: int) -> Offer:
        gig = self.gig(client, title, GARDEN[:300], skills=["JavaScript"], category="web")
        bid = self.bid(gig, freelancer, amount, 12)
        self.fund(client, amount)
        offer: Offer = offers.make(bid, by=self.cast[client], message="We would like to begin next week.")
        return offer

    def gifts(self) -> None:
        """Support, once and repeating, and causes in every state."""
        ines, tomasz, moderator = self.cast["client"], self.cast["freelancer"], self.cast["moderator"]
        with self.ago(8):
            for who in ("client", "nora", "helene", "soller", "marta"):
                self.fund(who, 45000)
            donations.give(self.cast["nora"], tomasz, 1500, "USD", note="For the ovens.")
            donations.give(self.cast["helene"], tomasz, 2500, "USD", visibility="anonymous")
        with self.ago(7):
            seeds, library, press = (self.cause(*facts) for facts in CAUSES)
            seeds = causes.verify(
                seeds, by=moderator, reason="The association’s register, its statutes and its last report."
            )  # fmt: skip
            causes.refuse(press, by=moderator, reason="It doesn’t say who decides what is printed.")
        with self.ago(6):
            donations.give(ines, seeds, 5000, "USD", note="For the school behind our studio.", every="month")
            donations.give(
                self.cast["soller"], seeds, 20000, "USD", visibility="hidden", note="From one garden to many."
            )
            donations.give(self.cast["nora"], seeds, 3500, "USD")
        with self.ago(3):
            donations.give(self.cast["marta"], seeds, 1200, "USD", visibility="anonymous")
            donations.give(ines, tomasz, 1000, "USD", every="week", note="Keep the calendar honest.")
        self.seeds_bought(seeds)
        self.work_donated(seeds)

    def work_donated(self, cause: Cause) -> None:
        """A pro-bono gig: one place is taken, work is handed in and waits for its review; one is open, with a bid."""
        title = "Planting map for forty school gardens"
        with self.ago(5):
            gig = self.gig(
                "elif", title, DONATED, skills=["Map design", "Illustration"], cause=cause, positions=2,
                budget_min=None, budget_max=None, bidding_days=30, board_mode="open",
            )  # fmt: skip
            bid = self.bid(gig, "sam", 0, 20, [("One bed, drawn", 0, 6), ("The whole map", 0, 14)])
            self.bid(gig, "noor", 0, 15)
        with self.ago(4):
            contract = offers.accept(offers.make(bid, by=cause.keeper, message="Please begin."), by=bid.freelancer)
        with self.ago(1):
            step = contract.milestones.order_by("position").first()
            milestones.deliver(step, by=bid.freelancer, note="The bed of four metres, with what grows when.")

    def seeds_bought(self, cause: Cause) -> None:
        """A part of what was given, on its way to the bank account of the cause and there."""
        keeper = cause.keeper
        with self.ago(6):
            account = payout_methods.add(
                keeper, holder="School gardens", currency="USD", number=GOOD_BANK, cause=cause
            )  # fmt: skip
            payout_methods.confirm(account, by=keeper, signed_in_at=clocks.now())
        with self.ago(2):
            self.arrive(payouts.request(keeper, account, 14000, "USD", token="demo: seeds"))

    def cause(self, keeper: str, title: str, summary: str, story: str, goal: int) -> Cause:
        found: Cause = causes.propose(
            self.cast[keeper], title=title, summary=summary, story=story, goal=goal, currency="USD"
        )
        return found

    def talk(self) -> None:
        with self.ago(1):
            room = groups.create(self.cast["marta"], "Sign makers’ table")
            for key in ("jun", "luc", "noor"):
                members.join(room, self.cast[key])
            question = self.write(room, "luc", "Who knows a powder coat that survives salt?")
            answer = self.write(room, "jun", "Ask the boatyards. They gave me a sample card.", reply_to=question.pk)
            messages.react(answer, by=self.cast["luc"], sign="👍")
            roles.appoint(room, self.cast["jun"], "moderator", by=self.cast["marta"])
            invitations.invite(room, self.cast["client"], by=self.cast["marta"])
            until = clocks.now() + timedelta(days=3)
            roles.silence(room, self.cast["noor"], by=self.cast["jun"], until=until)
            pins.pin(answer, by=self.cast["marta"])
            mine.note(room, self.cast["marta"], "Luc owes us the drawings of the harbour signs.")
        with self.ago(0.8):
            kiln = groups.create(
                self.cast["client"], "Kiln keepers", public=False, key="cone six, slowly", capacity=12
            )  # fmt: skip
            invitations.invite(kiln, self.cast["freelancer"], by=self.cast["client"])
            members.join(kiln, self.cast["luc"], key="cone six, slowly")
            self.write(kiln, "luc", "Which of you fires on Thursdays?")
            mine.mute(kiln, self.cast["client"], True)
        with self.ago(0.7):
            gig = Gig.objects.get(title__startswith="Wayfinding for a botanical")
            asked = questions.open_room(gig, by=self.cast["freelancer"])
            self.write(asked, "freelancer", "Is there a plan of the paths in one file?")
            self.write(asked, "soller", "Yes, the gate has it as a PDF; I attach it tonight.")
        with self.ago(0.6):
            direct = openings.direct(self.cast["client"], self.cast["marta"])
            self.write(direct, "client", "Would you letter a kiln door? It gets hot.")
            self.write(direct, "marta", "Enamel survives it. Send me its size and a photo in daylight.")

    def moderation(self) -> None:
        """Money that did not come in, a report that waits, a measure with an appeal against it."""
        moderator = self.cast["moderator"]
        with self.ago(3):
            deposits.pay(deposits.request(self.cast["client"], 50000, "USD"), card=DECLINED_CARD)
            deposits.pay(deposits.request(self.cast["client"], 50000, "USD"), card=UNSURE_CARD)
        with self.ago(1):
            gig = Gig.objects.get(title="Chat bot that answers flower growers")
            reports.file(
                self.cast["clara"], subject_kind="gig", subject_id=gig.pk, subject_url=gig.get_absolute_url(),
                reason="spam", text="This was posted three times under other names.",
            )  # fmt: skip
            measure = sanctions.suspend(
                self.cast["gideon"], by=moderator, rule="Payment outside the platform", until=self.today + timedelta(days=13),
                reason="A gig that asked freelancers to be paid outside, after a warning.",
            )  # fmt: skip
        with self.ago(0.5):
            appeals.file(measure, by=self.cast["gideon"], text="I did not know that this was a rule. The gig is gone.")


def allowed() -> bool:
    return not settings.PRODUCTION and settings.DEMO
