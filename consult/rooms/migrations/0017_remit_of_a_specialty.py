"""A remit may be that of a specialty: beside a group's, and those that are everywhere."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("rooms", "0016_calls_for_a_moderator"), ("clinicians", "0004_code_lists")]
    operations = [
        migrations.AddField(
            model_name="remit",
            name="specialty",
            field=models.ForeignKey(null=True, blank=True, on_delete=django.db.models.deletion.PROTECT, related_name="remits", to="clinicians.specialtygroup"),
        ),
        migrations.AddConstraint(
            model_name="remit",
            constraint=models.UniqueConstraint(fields=("person", "group", "specialty"), nulls_distinct=False, name="one_remit_a_place"),
        ),
        migrations.RemoveConstraint(model_name="remit", name="one_remit"),
        migrations.AddConstraint(
            model_name="remit",
            constraint=models.CheckConstraint(condition=models.Q(("group", None), ("specialty", None), _connector="OR"), name="remit_of_one_kind"),
        ),
    ]
