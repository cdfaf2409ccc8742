"""What was decided about an identifier found in a text: whose, where, which category; never the text."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("rooms", "0010_remit_changes")]
    operations = [
        migrations.CreateModel(
            name="IdentifierDecision",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("person_id", models.UUIDField()),
                ("room_id", models.UUIDField(null=True)),
                ("category", models.CharField(max_length=16)),
                ("decision", models.CharField(max_length=16)),
                ("at", models.DateTimeField(auto_now_add=True)),
            ],
            options={"indexes": [models.Index(fields=["at"], name="decisions_by_time")]},
        ),
    ]
