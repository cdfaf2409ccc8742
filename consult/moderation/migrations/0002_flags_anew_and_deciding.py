"""A decided object can be flagged anew by the same person; an item says which decision is taking effect."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("moderation", "0001_reports_and_rules")]

    operations = [
        migrations.AddField(model_name="item", name="deciding", field=models.CharField(max_length=12, null=True)),
        migrations.RemoveConstraint(model_name="report", name="one_report"),
        migrations.AddConstraint(model_name="report", constraint=models.UniqueConstraint(fields=("item", "reporter_id", "category"), name="one_report_an_item")),
    ]
