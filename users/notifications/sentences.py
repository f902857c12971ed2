"""What each event says to the one who gets it. One table, sorted; `{placeholders}` are the notification's params."""

from typing import Any

from django.utils.translation import gettext_lazy as _

# the group decides which preference applies
SENTENCES = {
    "appeal.granted": ("security", _("Your appeal was granted: {reason}")),
    "appeal.rejected": ("security", _("Your appeal was rejected: {reason}")),
    "bid.declined": ("bids", _("Your bid on “{gig}” was declined: {reason}")),
    "bid.gig_closed": ("bids", _("“{gig}” ended without a hire of yours. Your bid slot is free again.")),
    "bid.moved_up": ("bids", _("A place came free: your bid on “{gig}” left the waitlist.")),
    "bid.not_selected": ("bids", _("“{gig}” was filled with someone else. Your bid slot is free again.")),
    "bid.revised": ("bids", _("{who} changed the bid on “{gig}”.")),
    "bid.submitted": ("bids", _("{who} bid on “{gig}”.")),
    "bid.withdrawn": ("bids", _("{who} withdrew the bid on “{gig}”.")),
    "chargeback.lost": ("money", _("The bank keeps the {amount} that it charged back.")),
    "chargeback.opened": (
        "money",
        _("Your bank charged back a deposit of {amount}. You owe {owed} of it; payouts wait until that is settled."),
    ),
    "chargeback.won": ("money", _("The bank gave {amount} back that it had charged back.")),
    "cause.closed": ("money", _("“{cause}” was closed. What was given stays there until it is paid out.")),
    "cause.payout_failed": (
        "money",
        _("{amount} for “{cause}” could not be paid out to {method}: {reason} It is in the cause’s account again."),
    ),
    "cause.payout_method_confirmed": (
        "security",
        _("A new bank account was confirmed for payouts of “{cause}”: {method}. It is used from {day} on."),
    ),
    "cause.payout_paid": ("money", _("{amount} for “{cause}” was paid out to {method}.")),
    "cause.payout_requested": ("money", _("{amount} for “{cause}” will be sent to {method} on {day}.")),
    "cause.payout_waits_for_two": (
        "money",
        _(
            "{amount} for “{cause}” is reserved for {method}. Two people of finance look at a payout of this size first."
        ),
    ),
    "cause.reached": ("money", _("“{cause}” has reached its goal.")),
    "cause.received": ("money", _("{who} gave {amount} to “{cause}”.")),
    "cause.received_anonymously": ("money", _("Someone gave {amount} to “{cause}”.")),
    "cause.refused": ("money", _("“{cause}” was not verified: {reason}")),
    "cause.verified": ("money", _("“{cause}” is verified and open for donations.")),
    "contract.bonus": ("money", _("{who} paid you a bonus of {figure} for “{contract}”.")),
    "contract.closed": ("contracts", _("“{contract}” is finished. You both have time to review each other.")),
    "contract.ending": ("contracts", _("{who} is ending “{contract}”.")),
    "contract.started": ("contracts", _("“{contract}” has begun; both of you have signed.")),
    "deposit.return_failed": ("money", _("{amount} could not be sent back to your card. It is in your wallet again.")),
    "deposit.returned": ("money", _("{amount} was sent back to your card.")),
    "deposit.settled": ("money", _("{amount} is in your wallet.")),
    "dispute.answered": ("money", _("{who} answered the dispute over “{milestone}”.")),
    "dispute.decided": (
        "money",
        _("A moderator decided “{milestone}”: {to_freelancer} to the freelancer, {to_client} to the client."),
    ),
    "dispute.defaulted": ("money", _("Nobody answered the dispute over “{milestone}”, so the claim stands.")),
    "dispute.executed": ("money", _("The dispute over “{milestone}” is settled.")),
    "dispute.opened": ("money", _("A dispute was opened over “{milestone}”. The disputed money is frozen.")),
    "dispute.reminder": ("money", _("Answer the dispute over “{milestone}”. Without an answer, the claim stands.")),
    "dispute.settled": ("money", _("The dispute over “{milestone}” was decided.")),
    "dispute.withdrawn": ("money", _("The dispute over “{milestone}” was withdrawn.")),
    "donation.announced": (
        "money",
        _("{amount} goes to {name} again on {day}. One click stops it; if you do nothing, it is given then."),
    ),
    "donation.missed": ("money", _("{amount} did not go to {name} this time: {reason}")),
    "donation.received": ("money", _("{who} gave you {amount}.")),
    "donation.received_anonymously": ("money", _("Someone gave you {amount}.")),
    "donation.renewed": ("money", _("{amount} went to {name} again, as announced.")),
    "donation.stopped": ("money", _("Your donation of {amount} to {name} has stopped. Nothing more is given.")),
    "gig.closed": ("bids", _("“{gig}” was closed. Your bid slot is free again.")),
    "gig.edited": ("bids", _("“{gig}” changed after you bid. Have a look at whether your bid still fits.")),
    "gig.expired": ("gigs", _("“{gig}” expired because nothing happened on it. You can renew it.")),
    "gig.expiring": ("gigs", _("“{gig}” expires soon. Renew it to keep it open.")),
    "gig.hidden": ("gigs", _("A moderator hid “{gig}”: {reason}")),
    "gig.invited": ("bids", _("You are invited to bid on “{gig}”.")),
    "gig.unhidden": ("gigs", _("“{gig}” is on the board again: {reason}")),
    "message.mentioned": ("rooms", _("{who} named you in “{room}”.")),
    "message.removed": ("rooms", _("{who} deleted a message of yours in “{room}”.")),
    "milestone.accept_reminder": (
        "contracts",
        _("Review “{milestone}”. If you do nothing, it is accepted when the time ends."),
    ),
    "milestone.accepted": ("contracts", _("“{milestone}” was accepted: work donated.")),
    "milestone.agreed": ("contracts", _("{who} agreed to “{milestone}”.")),
    "milestone.cancelled": ("contracts", _("“{milestone}” was cancelled.")),
    "milestone.changes_requested": ("contracts", _("{who} asked for changes to “{milestone}”.")),
    "milestone.drop_asked": ("contracts", _("{who} wants to drop “{milestone}”. It stays unless you agree.")),
    "milestone.drop_refused": ("contracts", _("{who} keeps “{milestone}”: it isn’t dropped.")),
    "milestone.drop_reminder": (
        "contracts",
        _("Nothing has happened on “{milestone}” for long. It is dropped unless somebody acts."),
    ),
    "milestone.drop_withdrawn": ("contracts", _("{who} no longer wants to drop “{milestone}”.")),
    "milestone.funded": ("money", _("“{milestone}” is funded: {amount} is in escrow.")),
    "milestone.idle_reminder": (
        "money",
        _("Nothing has happened on “{milestone}” for long. Its money returns to the client unless somebody acts."),
    ),
    "milestone.overdue": (
        "contracts",
        _("“{milestone}” is overdue without a delivery. It is dropped soon unless it arrives."),
    ),
    "milestone.part_released": ("money", _("{amount} of “{milestone}” was released.")),
    "milestone.proposed": ("contracts", _("{who} proposed the milestone “{milestone}”.")),
    "milestone.refund_refused": ("money", _("{who} said no to a refund of “{milestone}”. The work goes on.")),
    "milestone.refund_reminder": ("money", _("Answer the refund request for “{milestone}” before its time ends.")),
    "milestone.refund_requested": ("money", _("{who} asked for a refund of “{milestone}”.")),
    "milestone.refund_withdrawn": ("money", _("{who} took the refund request for “{milestone}” back.")),
    "milestone.refunded": ("money", _("“{milestone}” was refunded: {amount}.")),
    "milestone.released": ("money", _("“{milestone}” was released: {amount}.")),
    "milestone.review_extended": ("contracts", _("{who} took more time to review “{milestone}”.")),
    "milestone.review_reminder": (
        "money",
        _("Review “{milestone}”. If you do nothing, it is released when the time ends."),
    ),
    "milestone.skipped": (
        "money",
        _("“{milestone}” was skipped: {figure} wasn’t in the client’s wallet when it began. Nothing is owed for it."),
    ),
    "milestone.stale": ("money", _("“{milestone}” is overdue without a delivery. It is refunded soon unless you act.")),
    "milestone.submitted": ("contracts", _("{who} delivered “{milestone}”.")),
    "milestone.timesheet": (
        "money",
        _("“{milestone}”: {hours} hours, {figure}, were handed in. They are paid when the time to review ends."),
    ),
    "milestone.tipped": ("money", _("{who} tipped you {figure} for “{milestone}”.")),
    "money.cleared": ("money", _("{amount} has cleared and is available.")),
    "money.halted": (
        "security",
        _("The audit found a fault in the books, at {first}. Money stands still until two of you lift it."),
    ),
    "money.runs": ("security", _("{who} was the second to lift the halt: money moves again. {reason}")),
    "offer.accepted": ("contracts", _("{who} accepted your offer for “{gig}”. The contract has begun.")),
    "offer.countered": ("bids", _("{who} answered with other terms for “{gig}”.")),
    "offer.declined": ("bids", _("{who} declined the offer for “{gig}”.")),
    "offer.expired": ("bids", _("The offer for “{gig}” expired. What was held went back.")),
    "offer.expired_pro_bono": ("bids", _("The offer for “{gig}” expired.")),
    "offer.sent": ("bids", _("{who} made you an offer for “{gig}”. The money is held.")),
    "offer.sent_pro_bono": ("bids", _("{who} made you an offer for “{gig}”: pro bono, without money.")),
    "offer.withdrawn": ("bids", _("{who} took the offer for “{gig}” back.")),
    "payout.failed": ("money", _("{amount} could not be paid out to {method}: {reason} It is in your earnings again.")),
    "payout.held": ("money", _("Your payouts are on hold until {day}: {reason}")),
    "payout.hold_lifted": ("money", _("Your payouts go on: {reason}")),
    "payout.paid": ("money", _("{amount} was paid out to {method}.")),
    "payout.requested": ("money", _("{amount} will be sent to {method} on {day}.")),
    "payout.waits_for_two": (
        "money",
        _("{amount} is reserved for {method}. Two people of finance look at a payout of this size before it goes."),
    ),
    "payout_method.confirmed": (
        "security",
        _("A new bank account was confirmed for your payouts: {method}. It is used from {day} on."),
    ),
    "report.answered": ("moderation", _("Your report was looked at: {outcome}")),
    "review.expired": ("contracts", _("The time for reviews of “{contract}” is over.")),
    "review.reminder": (
        "contracts",
        _("Write your review of “{contract}” before the time ends; later it can’t be written."),
    ),
    "review.replied": ("contracts", _("{who} replied to your review.")),
    "review.revealed": ("contracts", _("The reviews of “{contract}” are out.")),
    "review.written": ("contracts", _("{who} has written a review of “{contract}”. It opens when yours is in.")),
    "room.banned": ("rooms", _("You were put out of “{room}” and can’t come back.")),
    "room.invited": ("rooms", _("{who} invited you into “{room}”.")),
    "room.owner": ("rooms", _("{who} made you the owner of “{room}”.")),
    "room.silenced": ("rooms", _("You can read “{room}” and write there again from {until} on.")),
    "sanction.ban": ("security", _("Your account is closed: {reason}")),
    "sanction.lifted": ("security", _("The measure against your account was lifted: {reason}")),
    "sanction.limit": ("security", _("Until {until} you can’t post gigs, bid or open rooms: {reason}")),
    "sanction.suspend": ("security", _("Your account is suspended until {until}: {reason}")),
    "sanction.warn": ("security", _("A moderator warns you: {reason}")),
}

GROUPS = {
    "messages": _("Unread messages"),
    "gigs": _("My gigs"),
    "bids": _("Bids and offers"),
    "contracts": _("Contracts"),
    "money": _("Money"),
    "rooms": _("Rooms, and who names me"),
    "moderation": _("Reports"),
    "security": _("Security"),
}
ALWAYS = ("money", "security")  # no group of these can be switched off
URGENT = ("security",)  # nor waits for the end of quiet hours
SILENT = ("messages",)  # counted beside Messages, never by the bell


class _Blank(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return ""


def sentence(event: str, params: dict[str, Any]) -> str:
    """The event as one sentence in the active language."""
    template = SENTENCES[event][1]
    return str(template).format_map(_Blank(params))


def group_of(event: str) -> str:
    return SENTENCES[event][0]
