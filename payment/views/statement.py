"""The statement, narrowed by day, contract and person, and the year: as pages, CSV and PDF."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from payment import accounts, labels, statement, statement_csv, statement_pdf, summary
from payment.views.papers import attachment
from skilllink.money import plain

CSV = "text/csv; charset=utf-8"


@login_required
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """A page of lines; what narrows them stays in the address, for the files too."""
    user: Any = request.user
    filters = statement.read(request.GET)
    page = Paginator(statement.entries(user, filters), 30).get_page(request.GET.get("page"))
    query = request.GET.copy()
    query.pop("page", None)
    context = {
        "page": page,
        "lines": statement.lines(page.object_list, user),
        "filters": filters,
        "query": query.urlencode(),
        "kinds": statement.KINDS,
        "contracts": labels.contracts(user),
        "people": statement.people(user),
        "currencies": sorted(accounts.balances(user)),
        "years": summary.years(user),
    }
    return render(request, "payment/statement/index.html", context)


@login_required
@require_safe
def as_csv(request: HttpRequest) -> StreamingHttpResponse:
    """Every chosen line, oldest first, as it is read."""
    return csv_of(request.user, statement.read(request.GET))


def csv_of(user: Any, filters: statement.Filters) -> StreamingHttpResponse:
    rows = statement_csv.statement_rows(statement.oldest_first(user, filters))
    response = StreamingHttpResponse(statement_csv.written(statement_csv.COLUMNS, rows), content_type=CSV)
    response["Content-Disposition"] = 'attachment; filename="statement.csv"'
    return response


@login_required
@require_safe
def as_pdf(request: HttpRequest) -> HttpResponse:
    """The same, to print or to send."""
    return attachment(statement_pdf.draw(request.user, statement.read(request.GET)), "statement.pdf", "application/pdf")


@login_required
@require_safe
def year(request: HttpRequest, year: int) -> HttpResponse:
    """A year in figures."""
    lines = [(line, statement_pdf.year_rows(line)) for line in summary.of(request.user, summary.known(year))]
    context = {"year": year, "years": summary.years(request.user), "lines": lines}
    return render(request, "payment/statement/year.html", context)


@login_required
@require_safe
def year_csv(request: HttpRequest, year: int) -> HttpResponse:
    """The year's figures, one a row."""
    rows = [[currency, *words, plain(amount, currency)] for currency, *words, amount in _rows(request.user, year)]
    text = "".join(statement_csv.written(("currency", "what", "with", "amount"), rows))
    return attachment(text.encode(), f"year-{year}.csv", CSV)


@login_required
@require_safe
def year_pdf(request: HttpRequest, year: int) -> HttpResponse:
    """The year's figures, to print or to send."""
    return attachment(statement_pdf.draw_year(request.user, summary.known(year)), f"year-{year}.pdf", "application/pdf")


def _rows(user: Any, year: int) -> list[list[Any]]:
    return summary.as_rows(summary.of(user, summary.known(year)))
