"""API addresses of payment, under /api/v1/."""

from django.urls import path

from payment.api import papers
from payment.api.donations import CauseClose, CauseEntries, Causes, CauseShow, Donations, Pledges, PledgeStop
from payment.api.evidence import ContractEvidence, StatementEvidence
from payment.api.fees import Fees
from payment.api.payouts import (
    DepositReturns,
    PayoutCancel,
    PayoutMethodConfirm,
    PayoutMethodEnd,
    PayoutMethods,
    Payouts,
    PayoutShow,
    Repay,
)
from payment.api.views import Deposits, DepositShow, Entries, Wallet

urlpatterns = [
    path("contracts/<uuid:pk>/evidence/", ContractEvidence.as_view(), name="contract_evidence"),
    path("wallet/", Wallet.as_view(), name="wallet"),
    path("wallet/entries/", Entries.as_view(), name="wallet_entries"),
    path("deposits/", Deposits.as_view(), name="deposits"),
    path("deposits/<uuid:pk>/", DepositShow.as_view(), name="deposit"),
    path("deposits/<uuid:pk>/return/", DepositReturns.as_view(), name="deposit_return"),
    path("payout-methods/", PayoutMethods.as_view(), name="payout_methods"),
    path("payout-methods/<uuid:pk>/confirm/", PayoutMethodConfirm.as_view(), name="payout_method_confirm"),
    path("payout-methods/<uuid:pk>/end/", PayoutMethodEnd.as_view(), name="payout_method_end"),
    path("payouts/", Payouts.as_view(), name="payouts"),
    path("payouts/<uuid:pk>/", PayoutShow.as_view(), name="payout"),
    path("payouts/<uuid:pk>/cancel/", PayoutCancel.as_view(), name="payout_cancel"),
    path("fees/", Fees.as_view(), name="fees"),
    path("donations/", Donations.as_view(), name="donations"),
    path("pledges/", Pledges.as_view(), name="pledges"),
    path("pledges/<uuid:pk>/stop/", PledgeStop.as_view(), name="pledge_stop"),
    path("causes/", Causes.as_view(), name="causes"),
    path("causes/<uuid:pk>/", CauseShow.as_view(), name="cause"),
    path("causes/<uuid:pk>/entries/", CauseEntries.as_view(), name="cause_entries"),
    path("causes/<uuid:pk>/close/", CauseClose.as_view(), name="cause_close"),
    path("wallet/repay/", Repay.as_view(), name="repay"),
    path("wallet/statement/", papers.Statement.as_view(), name="statement"),
    path("wallet/statement/evidence/", StatementEvidence.as_view(), name="statement_evidence"),
    path("wallet/statement.csv", papers.StatementFile.as_view(), name="statement_csv"),
    path("wallet/forecast/", papers.Forecast.as_view(), name="forecast"),
    path("wallet/year/", papers.Year.as_view(), name="year"),
    path("papers/", papers.Papers.as_view(), name="papers"),
    path("papers/<uuid:pk>/", papers.PaperShow.as_view(), name="paper"),
    path("papers/<uuid:pk>.pdf", papers.PaperFile.as_view(), name="paper_pdf"),
    path("tax-details/", papers.TaxDetails.as_view(), name="tax_details"),
]
