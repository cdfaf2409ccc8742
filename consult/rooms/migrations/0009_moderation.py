"""Remits, visits, acts and veiled pictures."""

import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('rooms', '0008_notices'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='room',
            name='answers_exempt',
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name='room',
            name='expert',
            field=models.CharField(max_length=8, null=True),
        ),
        migrations.CreateModel(
            name='Act',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(max_length=24)),
                ('seq', models.BigIntegerField(null=True)),
                ('at', models.DateTimeField()),
                ('moderator_id', models.UUIDField(null=True)),
                ('message_id', models.UUIDField(null=True)),
                ('image_id', models.UUIDField(null=True)),
                ('person_id', models.UUIDField(null=True)),
                ('reason', models.CharField(blank=True, max_length=200)),
                ('until', models.DateTimeField(null=True)),
                ('data', models.JSONField(default=dict)),
                ('reversed_at', models.DateTimeField(null=True)),
                ('reversed_by', models.UUIDField(null=True)),
                ('reversal_reason', models.CharField(blank=True, max_length=200)),
                ('other_room', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='rooms.room')),
                ('room', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='rooms.room')),
            ],
        ),
        migrations.CreateModel(
            name='AgreedReading',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('until', models.DateTimeField()),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('room', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='rooms.room')),
            ],
        ),
        migrations.CreateModel(
            name='PictureVeil',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('image_id', models.UUIDField()),
                ('why', models.CharField(max_length=8)),
                ('message', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='rooms.message')),
            ],
        ),
        migrations.CreateModel(
            name='Remit',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('since', models.DateTimeField(auto_now_add=True)),
                ('group', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='remits', to='rooms.room')),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='remits', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='Visit',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('seen_at', models.DateTimeField()),
                ('ended', models.DateTimeField(null=True)),
                ('act', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='visit', to='rooms.act')),
                ('person', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('room', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='visits', to='rooms.room')),
            ],
        ),
        migrations.AddIndex(
            model_name='act',
            index=models.Index(fields=['room', '-at'], name='acts_of_a_room'),
        ),
        migrations.AddIndex(
            model_name='act',
            index=models.Index(condition=models.Q(('other_room__isnull', False)), fields=['other_room', '-at'], name='acts_shown_as_well'),
        ),
        migrations.AddIndex(
            model_name='act',
            index=models.Index(condition=models.Q(('person_id__isnull', False)), fields=['person_id', '-at'], name='acts_on_a_person'),
        ),
        migrations.AddIndex(
            model_name='act',
            index=models.Index(fields=['room', 'seq'], name='act_of_an_event'),
        ),
        migrations.AddConstraint(
            model_name='agreedreading',
            constraint=models.UniqueConstraint(fields=('room', 'person'), name='one_agreed_reading'),
        ),
        migrations.AddConstraint(
            model_name='pictureveil',
            constraint=models.UniqueConstraint(fields=('image_id', 'message'), name='one_veil_a_picture'),
        ),
        migrations.AddConstraint(
            model_name='remit',
            constraint=models.UniqueConstraint(fields=('person', 'group'), name='one_remit', nulls_distinct=False),
        ),
        migrations.AddConstraint(
            model_name='visit',
            constraint=models.UniqueConstraint(condition=models.Q(('ended', None)), fields=('room', 'person'), name='one_open_visit'),
        ),
    ]
