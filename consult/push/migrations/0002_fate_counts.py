"""What became of notices, counted."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("push", "0001_initial")]
    operations = [
        migrations.CreateModel(
            "FateCount",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("courier", models.CharField(choices=[("web", "Web"), ("fcm", "Fcm"), ("apns", "Apns")], max_length=4)),
                ("fate", models.CharField(max_length=9)),
                ("count", models.BigIntegerField()),
            ],
            options={"constraints": [models.UniqueConstraint(fields=("courier", "fate"), name="one_count_a_fate")]},
        )
    ]
