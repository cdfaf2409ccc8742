"""The worker looks for new calls each second: they are found without reading all acts."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("rooms", "0015_waking_in_chunks")]
    operations = [
        migrations.AddIndex(
            model_name="act",
            index=models.Index(fields=["at"], condition=models.Q(kind="moderator.call"), name="calls_for_a_moderator"),
        ),
    ]
