from typing import Any

from django.db import migrations, models
from django.db.models import OuterRef, Subquery


def from_now_on(apps: Any, schema_editor: Any) -> None:
    """What lies unread from before counts as told: the first mail has only what is new."""
    room = apps.get_model("chat", "Room").objects.filter(pk=OuterRef("room_id"))
    apps.get_model("chat", "Membership").objects.update(mailed_seq=Subquery(room.values("seq")[:1]))


class Migration(migrations.Migration):
    dependencies = [("chat", "0002_initial")]

    operations = [
        migrations.AddField(
            model_name="membership", name="mailed_seq", field=models.PositiveBigIntegerField(default=0)
        ),
        migrations.AddField(
            model_name="room",
            name="unread_due_at",
            field=models.DateTimeField(
                blank=True, help_text="when somebody may have it unread too long", null=True
            ),
        ),
        migrations.AddIndex(
            model_name="room",
            index=models.Index(
                condition=models.Q(("unread_due_at__isnull", False)),
                fields=["unread_due_at"],
                name="room_unread_due",
            ),
        ),
        migrations.RunPython(from_now_on, migrations.RunPython.noop),
    ]
