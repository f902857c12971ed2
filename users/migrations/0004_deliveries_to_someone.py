import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """Apart from the one before: PostgreSQL changes no table with rows of the same transaction still to be checked."""

    dependencies = [("users", "0003_how_news_arrive")]

    operations = [
        migrations.RemoveField(model_name="preference", name="email"),
        migrations.AlterField(
            model_name="delivery",
            name="recipient",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="deliveries",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.CheckConstraint(
                condition=models.Q(notification__isnull=False, subject_kind="", subject_id__isnull=True)
                | models.Q(notification__isnull=True, subject_id__isnull=False) & ~models.Q(subject_kind=""),
                name="delivery_tells_something",
            ),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.UniqueConstraint(
                condition=models.Q(("notification__isnull", True), ("status", "waiting")),
                fields=("recipient", "subject_kind", "subject_id"),
                name="delivery_waits_once",
            ),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("status", "waiting")), fields=["recipient"], name="delivery_of_person"
            ),
        ),
    ]
