"""What a device keeps of a person is unlocked by a secret that only this table holds (docs/offline.md)."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('standing', '0002_access_change_log'),
    ]

    operations = [
        migrations.CreateModel(
            name='Vault',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('person_id', models.UUIDField(db_index=True)),
                ('secret', models.BinaryField(max_length=32, null=True)),
                ('session_key', models.CharField(max_length=40)),
                ('label', models.CharField(blank=True, max_length=60)),
                ('made_at', models.DateTimeField()),
                ('opened_at', models.DateTimeField()),
                ('wiped_at', models.DateTimeField(null=True)),
            ],
        ),
    ]
