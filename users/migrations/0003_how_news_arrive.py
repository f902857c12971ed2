from typing import Any

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import OuterRef, Subquery


def carry_over(apps: Any, schema_editor: Any) -> None:
    """Who had switched e-mail off keeps it off; each delivery goes to whom its notification was for."""
    apps.get_model("users", "Preference").objects.filter(email=False).update(mail="never")
    notification = apps.get_model("users", "Notification").objects.filter(pk=OuterRef("notification_id"))
    apps.get_model("users", "Delivery").objects.update(recipient=Subquery(notification.values("recipient_id")[:1]))


class Migration(migrations.Migration):
    dependencies = [("users", "0002_limit_and_appeals")]

    operations = [
        migrations.CreateModel(
            name="QuietHours",
            fields=[
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="quiet_hours",
                        serialize=False,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("begins", models.TimeField(verbose_name="from")),
                ("ends", models.TimeField(verbose_name="until")),
            ],
            options={
                "verbose_name": "quiet hours",
                "verbose_name_plural": "quiet hours",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("begins", models.F("ends")), _negated=True), name="quiet_hours_last"
                    )
                ],
            },
        ),
        migrations.AddField(
            model_name="notification",
            name="rings",
            field=models.BooleanField(default=True, verbose_name="counted by the bell"),
        ),
        migrations.AddField(model_name="preference", name="bell", field=models.BooleanField(default=True)),
        migrations.AddField(
            model_name="preference",
            name="mail",
            field=models.CharField(
                choices=[
                    ("at_once", "At once"),
                    ("hourly", "Every hour"),
                    ("daily", "Once a day"),
                    ("never", "Never"),
                ],
                default="at_once",
                max_length=8,
            ),
        ),
        migrations.AddField(
            model_name="delivery",
            name="recipient",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="deliveries",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="delivery",
            name="subject_kind",
            field=models.CharField(blank=True, max_length=20, verbose_name="about a"),
        ),
        migrations.AddField(
            model_name="delivery",
            name="subject_id",
            field=models.UUIDField(blank=True, null=True, verbose_name="about"),
        ),
        migrations.AlterField(
            model_name="delivery",
            name="notification",
            field=models.OneToOneField(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="delivery",
                to="users.notification",
            ),
        ),
        migrations.RunPython(carry_over, migrations.RunPython.noop),
    ]
