"""An outbox row says how far its people have been woken."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("rooms", "0014_picture_marks")]
    operations = [migrations.AddField("followup", "woken_to", models.UUIDField(null=True))]
