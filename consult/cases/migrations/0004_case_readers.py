"""Who may read a case stands beside it, for search: groups and people, the zero id for everyone."""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('cases', '0003_merged_into'),
        ('rooms', '0016_calls_for_a_moderator'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='case',
            name='readers',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), db_default=[], default=list, size=None),
        ),
        migrations.RunSQL(
            """UPDATE cases_case c SET readers = a.readers FROM (
                SELECT room_id, array_agg(coalesce(group_id, person_id, '00000000-0000-0000-0000-000000000000')) AS readers
                FROM rooms_audience GROUP BY room_id) a
            WHERE a.room_id = c.room_id""",
            migrations.RunSQL.noop,
        ),
        migrations.AddIndex(
            model_name='case',
            index=models.Index(fields=['specialty', 'status', '-opened_at'], name='cases_of_specialty_in_status'),
        ),
        migrations.AddIndex(
            model_name='case',
            index=django.contrib.postgres.indexes.GinIndex(fields=['readers', 'specialty'], name='case_readers'),
        ),
    ]
