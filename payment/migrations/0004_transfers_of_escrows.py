"""Transfers that are already in the books learn whose escrow's money they are."""

from django.db import migrations
from django.db.models import Sum


def name_escrows(apps, schema_editor):
    Transfer, Entry = apps.get_model("payment", "Transfer"), apps.get_model("payment", "Entry")
    Clearing, Escrow = apps.get_model("payment", "Clearing"), apps.get_model("payment", "Escrow")
    for entry in Entry.objects.filter(account__escrow__isnull=False, transfer__escrow__isnull=True).select_related(
        "account", "transfer"
    ):
        # a move is its source's; a dispute's claim on earnings is found below
        if entry.transfer.kind == "claw_back" or (entry.transfer.kind == "move" and entry.amount > 0):
            continue
        Transfer.objects.filter(pk=entry.transfer_id).update(escrow_id=entry.account.escrow_id)
    for clearing in Clearing.objects.filter(cleared_at__isnull=False):
        Transfer.objects.filter(key=f"clearing:{clearing.pk}:clear").update(escrow_id=clearing.escrow_id)
    for transfer in Transfer.objects.filter(kind="claw_back", escrow__isnull=True):
        into = transfer.entries.get(account__escrow__isnull=False)
        dispute = Escrow.objects.get(pk=into.account.escrow_id)
        for escrow in Escrow.objects.filter(
            payer=dispute.payer_id, payee=dispute.payee_id, currency=dispute.currency, kind="milestone"
        ):
            # what it released once and no longer counts as released was taken back
            booked = Entry.objects.filter(
                transfer__escrow=escrow, account__kind__in=("pending", "available", "fees")
            ).aggregate(total=Sum("amount"))["total"]
            if (booked or 0) - escrow.released >= into.amount:
                Transfer.objects.filter(pk=transfer.pk).update(escrow=escrow)
                break


class Migration(migrations.Migration):
    dependencies = [("payment", "0003_transfer_escrow")]

    operations = [migrations.RunPython(name_escrows, migrations.RunPython.noop)]
