from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("cases", "0004_case_readers")]

    operations = [
        migrations.RemoveConstraint("reference", "one_reference_an_answer"),
        migrations.AddField("reference", "withheld", models.CharField(max_length=12, null=True)),
        migrations.AddConstraint(
            "reference",
            models.UniqueConstraint(fields=["message", "link"], condition=models.Q(withheld=None), name="one_reference_an_answer"),
        ),
    ]
