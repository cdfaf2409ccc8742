import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


# Each begins another index of its table. Dropped by hand: AlterField would drop the foreign key too, and check the whole table to make it again.
TWICE = [
    ('rooms_act_room_id_69d50e0c', 'rooms_act', 'room_id'),
    ('rooms_agreedreading_room_id_2e818596', 'rooms_agreedreading', 'room_id'),
    ('rooms_audience_group_id_e661f991', 'rooms_audience', 'group_id'),
    ('rooms_audience_person_id_f0749be7', 'rooms_audience', 'person_id'),
    ('rooms_audience_room_id_76514dce', 'rooms_audience', 'room_id'),
    ('rooms_membership_room_id_6917d899', 'rooms_membership', 'room_id'),
    ('rooms_messageversion_message_id_e7167a83', 'rooms_messageversion', 'message_id'),
    ('rooms_remit_person_id_7bbcd972', 'rooms_remit', 'person_id'),
    ('rooms_tag_message_id_b9a5b43f', 'rooms_tag', 'message_id'),
]


class Migration(migrations.Migration):

    dependencies = [
        ('rooms', '0017_remit_of_a_specialty'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    model_name='act',
                    name='room',
                    field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='rooms.room'),
                ),
                migrations.AlterField(
                    model_name='agreedreading',
                    name='room',
                    field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='rooms.room'),
                ),
                migrations.AlterField(
                    model_name='audience',
                    name='group',
                    field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='addressed', to='rooms.room'),
                ),
                migrations.AlterField(
                    model_name='audience',
                    name='person',
                    field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL),
                ),
                migrations.AlterField(
                    model_name='audience',
                    name='room',
                    field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='audience', to='rooms.room'),
                ),
                migrations.AlterField(
                    model_name='membership',
                    name='room',
                    field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='memberships', to='rooms.room'),
                ),
                migrations.AlterField(
                    model_name='messageversion',
                    name='message',
                    field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='versions', to='rooms.message'),
                ),
                migrations.AlterField(
                    model_name='remit',
                    name='person',
                    field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='remits', to=settings.AUTH_USER_MODEL),
                ),
                migrations.AlterField(
                    model_name='tag',
                    name='message',
                    field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='tags', to='rooms.message'),
                ),
            ],
            database_operations=[
                migrations.RunSQL(f'DROP INDEX IF EXISTS "{index}"', f'CREATE INDEX "{index}" ON "{table}" ("{column}")') for index, table, column in TWICE
            ],
        ),
    ]
