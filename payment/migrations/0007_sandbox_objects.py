"""The sandbox's payments in Stripe's shape, so that deposits from before can still be confirmed, returned and looked up."""

from django.db import migrations

STATES = {"failed": "canceled"}


def reshape(apps, schema_editor):
    Intent, Thing = apps.get_model("payment", "SandboxIntent"), apps.get_model("payment", "SandboxObject")
    Deposit = apps.get_model("payment", "Deposit")
    fees = dict(Deposit.objects.filter(gateway="sandbox").values_list("gateway_id", "gateway_fee"))
    for intent in Intent.objects.iterator():
        paid, currency = intent.status == "succeeded", intent.currency.lower()
        made = {"created": int(intent.created_at.timestamp()), "livemode": False}
        metadata = {"reference": intent.idempotency_key}
        charge = f"ch_{intent.pk.removeprefix('pi_')}" if paid else None
        error = {"type": "card_error", "code": "card_declined", "message": intent.last_error} if intent.last_error else None
        data = {
            "id": intent.pk, "object": "payment_intent", **made, "amount": intent.amount, "currency": currency,
            "amount_received": intent.amount if paid else 0, "status": STATES.get(intent.status, intent.status),
            "metadata": metadata, "latest_charge": charge, "last_payment_error": error, "next_action": None,
        }
        Thing.objects.create(pk=intent.pk, kind="payment_intent", data=data, created_at=intent.created_at)
        if paid:
            fee = fees.get(intent.pk, 0)
            booked = {
                "object": "balance_transaction", "amount": intent.amount, "fee": fee, "net": intent.amount - fee,
                "currency": currency,
            }
            data = {
                "id": charge, "object": "charge", **made, "amount": intent.amount, "currency": currency,
                "payment_intent": intent.pk, "status": "succeeded", "paid": True, "amount_refunded": 0,
                "metadata": metadata, "balance_transaction": booked,
            }
            Thing.objects.create(pk=charge, kind="charge", owner=intent.pk, data=data, created_at=intent.created_at)


class Migration(migrations.Migration):
    dependencies = [("payment", "0006_gateways_payouts_and_what_people_owe")]

    operations = [
        migrations.RunPython(reshape, migrations.RunPython.noop),
        migrations.DeleteModel(name="SandboxIntent"),
    ]
