"""Addresses of payment."""

from django.urls import path

from payment.views import deposits, papers, payouts, statement, transparency, verify, wallet, webhooks

app_name = "payment"
urlpatterns = [
    path("wallet/", wallet.wallet, name="wallet"),
    path("wallet/purse/", wallet.purse, name="purse"),
    path("wallet/deposit/", deposits.new, name="deposit_new"),
    path("wallet/deposit/<uuid:pk>/", deposits.show, name="deposit"),
    path("wallet/deposit/<uuid:pk>/page/", deposits.page, name="deposit_page"),
    path("wallet/deposit/<uuid:pk>/return/", deposits.give_back, name="deposit_return"),
    path("wallet/payout/", payouts.index, name="payouts"),
    path("wallet/payout/<uuid:pk>/", payouts.show, name="payout"),
    path("wallet/payout/<uuid:pk>/cancel/", payouts.cancel, name="payout_cancel"),
    path("wallet/payout/methods/", payouts.methods, name="payout_methods"),
    path("wallet/payout/methods/<uuid:pk>/confirm/", payouts.confirm, name="payout_method_confirm"),
    path("wallet/payout/methods/<uuid:pk>/end/", payouts.end, name="payout_method_end"),
    path("wallet/owed/", payouts.repay, name="repay"),
    path("webhooks/<slug:gateway>/", webhooks.receive, name="webhook"),
    path("wallet/statement/", statement.index, name="statement"),
    path("wallet/statement.csv", statement.as_csv, name="statement_csv"),
    path("wallet/statement.pdf", statement.as_pdf, name="statement_pdf"),
    path("wallet/years/<int:year>/", statement.year, name="year"),
    path("wallet/years/<int:year>.csv", statement.year_csv, name="year_csv"),
    path("wallet/years/<int:year>.pdf", statement.year_pdf, name="year_pdf"),
    path("wallet/papers/", papers.index, name="papers"),
    path("wallet/papers/<uuid:pk>/", papers.show, name="paper"),
    path("wallet/papers/<uuid:pk>.pdf", papers.file, name="paper_pdf"),
    path("settings/tax/", papers.tax_details, name="tax_details"),
    path("fees/", wallet.fees, name="fees"),
    path("transparency/", transparency.transparency, name="transparency"),
    path("transparency/roots/", transparency.roots, name="roots"),
    path("transparency/roots.txt", transparency.roots_file, name="roots_file"),
    path("contracts/<uuid:pk>/verify/", verify.page, {"kind": "contract"}, name="verify"),
    path("contracts/<uuid:pk>/evidence.json", verify.file, {"kind": "contract"}, name="evidence_file"),
]
