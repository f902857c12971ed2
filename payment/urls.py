"""Addresses of payment."""

from django.urls import path

from payment.views import transparency, verify, wallet

app_name = "payment"
urlpatterns = [
    path("wallet/", wallet.wallet, name="wallet"),
    path("wallet/purse/", wallet.purse, name="purse"),
    path("wallet/deposit/", wallet.deposit_new, name="deposit_new"),
    path("wallet/deposit/<uuid:pk>/", wallet.deposit, name="deposit"),
    path("fees/", wallet.fees, name="fees"),
    path("transparency/", transparency.transparency, name="transparency"),
    path("transparency/roots/", transparency.roots, name="roots"),
    path("transparency/roots.txt", transparency.roots_file, name="roots_file"),
    path("contracts/<uuid:pk>/verify/", verify.page, {"kind": "contract"}, name="verify"),
    path("contracts/<uuid:pk>/evidence.json", verify.file, {"kind": "contract"}, name="evidence_file"),
]
