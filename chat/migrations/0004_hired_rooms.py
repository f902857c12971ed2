from typing import Any

from django.db import migrations, models


def know_the_hired(apps: Any, schema_editor: Any) -> None:
    """The rooms of contracts, and the direct rooms of the same two people."""
    room = apps.get_model("chat", "Room")
    contracts = room.objects.filter(kind="contract")
    pairs = {
        ":".join(sorted(person.hex for person in one.memberships.values_list("user_id", flat=True)))
        for one in contracts.prefetch_related("memberships")
    }
    contracts.update(hired=True)
    room.objects.filter(kind="direct", pair__in=pairs).update(hired=True)


class Migration(migrations.Migration):
    dependencies = [("chat", "0003_unread_by_mail")]

    operations = [
        migrations.AddField(
            model_name="room",
            name="hired",
            field=models.BooleanField(
                default=False, help_text="its people have or had a contract with each other"
            ),
        ),
        migrations.RunPython(know_the_hired, migrations.RunPython.noop),
    ]
