import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


# Each begins another index of its table. Dropped by hand: AlterField would drop the foreign key too, and check the whole table to make it again.
TWICE = [
    ('cases_case_asker_id_53262118', 'cases_case', 'asker_id'),
    ('cases_due_case_id_349c298a', 'cases_due', 'case_id'),
    ('cases_proposal_case_id_45c531fa', 'cases_proposal', 'case_id'),
]


class Migration(migrations.Migration):

    dependencies = [
        ('cases', '0006_one_index_to_find'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    model_name='case',
                    name='asker',
                    field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='cases', to=settings.AUTH_USER_MODEL),
                ),
                migrations.AlterField(
                    model_name='due',
                    name='case',
                    field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='due', to='cases.case'),
                ),
                migrations.AlterField(
                    model_name='proposal',
                    name='case',
                    field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='proposals', to='cases.case'),
                ),
            ],
            database_operations=[
                migrations.RunSQL(f'DROP INDEX IF EXISTS "{index}"', f'CREATE INDEX "{index}" ON "{table}" ("{column}")') for index, table, column in TWICE
            ],
        ),
    ]
