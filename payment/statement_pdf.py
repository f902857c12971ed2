"""A statement, and a year, as sheets of A4."""

from typing import Any

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from payment import pdf, statement, summary
from skilllink.clocks import now
from skilllink.errors import Unprocessable
from skilllink.money import format_money

MOST = 5000  # lines: some hundred pages


class TooLong(Unprocessable):
    code = "statement.too_long"
    sentence = gettext_lazy("That is more than {most} lines. Choose a shorter time, or take the CSV.")


def draw(user: Any, filters: statement.Filters) -> bytes:
    """Oldest first, with what there was before and after. Raises TooLong."""
    if statement.entries(user, filters).order_by().values("pk").count() > MOST:
        raise TooLong(most=MOST)
    sheet = _begun(_("Statement"), user, _period(filters))
    edges = statement.edges(user, filters)
    columns = [
        pdf.Column(_("Account"), 2),
        pdf.Column(_("Before"), 110, amount=True),
        pdf.Column(_("After"), 110, amount=True),
    ]
    sheet.table(
        columns,
        [
            (
                f"{row['account']} {row['currency']}",
                *(format_money(row[end], row["currency"]) for end in ("before", "after")),
            )
            for row in edges
        ],
    )
    sheet.y += 18
    columns = [
        pdf.Column(_("When"), 2), pdf.Column(_("What"), 5), pdf.Column(_("Account"), 2),
        pdf.Column(_("Moved"), 90, amount=True), pdf.Column(_("Balance"), 90, amount=True),
    ]  # fmt: skip
    sheet.table(columns, [_cells(line) for line in statement.oldest_first(user, filters)])
    return sheet.bytes()


def _cells(line: statement.Line) -> tuple[str, ...]:
    label = "" if line.label == line.kind else line.label
    about = ", ".join(text for text in (label, line.other, *(code for code, _url in line.papers)) if text)
    moved = format_money(line.amount, line.currency)
    return (
        date_format(localtime(line.at), "j M Y H:i"),
        f"{line.kind}\n{about}" if about else line.kind,
        line.account,
        moved if line.amount < 0 else f"+{moved}",
        format_money(line.balance, line.currency),
    )


def draw_year(user: Any, year: int) -> bytes:
    sheet = _begun(_("Year {year}").format(year=year), user, _("1 January to 31 December, UTC"))
    for line in summary.of(user, year):
        sheet.need(140)
        sheet.y += 34
        sheet.text(line.currency, font=pdf.DISPLAY, size=15)
        sheet.y += 4
        columns = [pdf.Column("", 1), pdf.Column(_("Amount"), 120, amount=True)]
        sheet.table(columns, [(text, format_money(amount, line.currency)) for text, amount in year_rows(line)])
        for title, group in line.groups:
            _people(sheet, str(title), group, line.currency)
    return sheet.bytes()


def year_rows(line: summary.Currency) -> list[tuple[str, int]]:
    """What the year says in words, without what is none."""
    found = [
        (_("Invoiced to clients"), line.earned.gross),
        (_("Credited back to clients"), -line.earned.back),
        (_("Fees of the platform, after credits"), -line.earned.fee),
        (_("Earned"), line.earned.net),
        (_("Paid to freelancers"), line.spent.gross),
        (_("Came back from freelancers"), -line.spent.back),
        (_("Deposited, less what went back"), line.deposited),
        (_("Paid out"), line.paid_out),
    ]
    return [(text, amount) for text, amount in found if amount]


def _people(sheet: pdf.Sheet, title: str, group: list[summary.Work], currency: str) -> None:
    sheet.y += 14
    columns = [
        pdf.Column(title, 1), *(pdf.Column(word, 88, amount=True) for word in (_("Paid"), _("Back"), _("Fees"), _("Net"))),
    ]  # fmt: skip
    rows = [
        (work.other.name, *(format_money(n, currency) for n in (work.gross, -work.back, -work.fee, work.net)))
        for work in group
    ]
    sheet.table(columns, rows)


def _begun(title: str, user: Any, under: str) -> pdf.Sheet:
    sheet = pdf.Sheet(f"{title}, {user.name}")
    sheet.y += 22
    sheet.text(title, font=pdf.DISPLAY, size=25)
    sheet.y += 20
    sheet.text(user.name, font=pdf.STRONG, size=11)
    made = _("Made on {day}").format(day=date_format(localtime(now()), "j F Y"))
    sheet.text(made, pdf.WIDTH - pdf.EDGE, size=9.5, colour=pdf.QUIET, end=True)
    sheet.y += 15
    sheet.text(under, size=10, colour=pdf.QUIET)
    sheet.y += 18
    return sheet


def _period(filters: statement.Filters) -> str:
    if not filters.since and not filters.until:
        return _("Everything")
    since = date_format(filters.since, "j F Y") if filters.since else _("the beginning")
    until = date_format(filters.until, "j F Y") if filters.until else _("today")
    return _("{since} to {until}").format(since=since, until=until)
