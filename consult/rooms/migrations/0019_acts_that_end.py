"""The worker looks each second for measures that have come to their end: they are found without reading all acts."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("rooms", "0018_no_index_twice")]
    operations = [
        migrations.AddIndex(
            model_name="act",
            index=models.Index(
                fields=["until"], name="acts_that_end", condition=Q(until__isnull=False, reversed_at__isnull=True) & ~Q(kind__in=["member.silence", "person.suspend"])
            ),
        ),
    ]
