"""A paper as a sheet of A4, from what was frozen into it alone: today's and next year's are the same bytes."""

from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from payment import pdf
from payment.models import Paper
from skilllink.money import format_money

TITLE = 25.0  # size, points
FILES = {
    "invoice": "invoice",
    "fee_invoice": "fee-invoice",
    "credit_note": "credit-note",
    "fee_credit_note": "fee-credit-note",
}


def file_name(paper: Paper) -> str:
    return f"{FILES[paper.kind]}-{paper.code}.pdf"


def draw(paper: Paper) -> bytes:
    sheet = pdf.Sheet(f"{paper.get_kind_display()} {paper.code}", subject=paper.content["for"])
    sheet.y += 22
    sheet.text(paper.get_kind_display(), font=pdf.DISPLAY, size=TITLE)
    sheet.y += 20
    sheet.text(_("No. {number}").format(number=paper.code), size=11)
    sheet.text(day(paper.at), pdf.WIDTH - pdf.EDGE, size=11, end=True)
    sheet.y += 30
    _parties(sheet, paper)
    columns = (pdf.Column(_("For"), 1), pdf.Column(_("Amount"), 120, amount=True))
    sheet.table(columns, [(text, format_money(amount, paper.currency)) for text, amount in rows(paper)])
    sheet.total(_("Credited") if paper.is_credit else _("Total"), format_money(paper.amount, paper.currency))
    sheet.y += 14
    for sentence in notes(paper):
        sheet.paragraph(sentence, size=9.5, colour=pdf.QUIET)
    return sheet.bytes()


def rows(paper: Paper) -> list[tuple[str, int]]:
    """What it is for, and how much, minor units; a credit note says how much of which invoice it takes back."""
    about = paper.content["for"]
    if paper.is_credit:
        words = _("Back from invoice {number}: {about}")
        found = [(words.format(number=row["number"], about=about), row["amount"]) for row in paper.content["credits"]]
        return found or [(about, paper.amount)]
    if paper.issuer_id is None:
        share = f"{paper.content['fee_bps'] / 100:g}\N{NO-BREAK SPACE}%"
        gross = format_money(paper.content["gross"], paper.currency)
        text = _("Platform fee, {share}, on {gross}: {about}").format(share=share, gross=gross, about=about)
        return [(text, paper.amount)]
    return [(about, paper.amount)]


def notes(paper: Paper) -> list[str]:
    """What was paid and when, that no tax was added, and where it stands in the books."""
    at = day(datetime.fromisoformat(paper.content["supplied_at"]))
    if paper.is_credit:
        paid = _("Given back on {day}. Nothing is due.").format(day=at)
    elif paper.issuer_id is None:
        paid = _("Kept from the payment of {day}. Nothing is due.").format(day=at)
    else:
        paid = _("Paid on {day} through SkillLink. Nothing is due.").format(day=at)
    books = _("Transfer {id} in the ledger.").format(id=paper.transfer_id)
    url = paper.content["url"].partition("#")[0]
    where = settings.SITE_URL + url if url else ""
    return [f"{paid} {_('SkillLink adds no tax to this amount.')}", f"{books} {where}".strip()]


def day(at: datetime) -> str:
    """`21 November 2026`, UTC: the same for both parties."""
    return date_format(at.astimezone(UTC), "j F Y")


def _parties(sheet: pdf.Sheet, paper: Paper) -> None:
    half = (pdf.WIDTH - 2 * pdf.EDGE) / 2
    top, lowest = sheet.y, sheet.y
    sides = ((_("From"), paper.content["from"]), (_("To"), paper.content["to"]))
    for n, (word, party) in enumerate(sides):
        sheet.y = top
        x = pdf.EDGE + n * half
        sheet.text(word, x, size=8.5, colour=pdf.QUIET)
        for text, font in _lines(party, half - 14):
            sheet.y += 14.5
            sheet.text(text, x, font=font, size=10.5)
        lowest = max(lowest, sheet.y)
    sheet.y = lowest + 26


def _lines(party: dict[str, Any], room: float) -> list[tuple[str, str]]:
    number = _("Tax number {number}").format(number=party["tax_number"]) if party["tax_number"] else ""
    found = [(line, pdf.STRONG) for line in pdf.wrapped(party["name"], pdf.STRONG, 10.5, room)]
    for text in filter(None, (party["address"], number)):
        found += [(line, pdf.TEXT) for line in pdf.wrapped(text, pdf.TEXT, 10.5, room)]
    return found
