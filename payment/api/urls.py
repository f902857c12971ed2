"""API addresses of payment, under /api/v1/."""

from django.urls import path

from payment.api.views import Deposits, DepositShow, Entries, Wallet

urlpatterns = [
    path("wallet/", Wallet.as_view(), name="wallet"),
    path("wallet/entries/", Entries.as_view(), name="wallet_entries"),
    path("deposits/", Deposits.as_view(), name="deposits"),
    path("deposits/<uuid:pk>/", DepositShow.as_view(), name="deposit"),
]
