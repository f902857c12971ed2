"""Addresses of payment."""

from django.urls import path

from payment.views import wallet

app_name = "payment"
urlpatterns = [
    path("wallet/", wallet.wallet, name="wallet"),
    path("wallet/purse/", wallet.purse, name="purse"),
    path("wallet/deposit/", wallet.deposit_new, name="deposit_new"),
    path("wallet/deposit/<uuid:pk>/", wallet.deposit, name="deposit"),
    path("fees/", wallet.fees, name="fees"),
    path("transparency/", wallet.transparency, name="transparency"),
]
