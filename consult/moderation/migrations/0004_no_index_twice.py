import django.db.models.deletion
from django.db import migrations, models


# Each begins another index of its table. Dropped by hand: AlterField would drop the foreign key too, and check the whole table to make it again.
TWICE = [
    ('moderation_report_item_id_dfd29cd7', 'moderation_report', 'item_id'),
    ('moderation_trial_rule_id_0b38ab0f', 'moderation_trial', 'rule_id'),
]


class Migration(migrations.Migration):

    dependencies = [
        ('moderation', '0003_appeals_are_told'),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    model_name='report',
                    name='item',
                    field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='reports', to='moderation.item'),
                ),
                migrations.AlterField(
                    model_name='trial',
                    name='rule',
                    field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='trials', to='moderation.rule'),
                ),
            ],
            database_operations=[
                migrations.RunSQL(f'DROP INDEX IF EXISTS "{index}"', f'CREATE INDEX "{index}" ON "{table}" ("{column}")') for index, table, column in TWICE
            ],
        ),
    ]
