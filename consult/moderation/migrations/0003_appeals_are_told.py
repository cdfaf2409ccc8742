"""Who appealed is told of the decision; what was decided before this is told once, too."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("moderation", "0002_flags_anew_and_deciding")]

    operations = [
        migrations.AddField("appeal", "told", models.BooleanField(db_default=False, default=False)),
        migrations.AddIndex("appeal", models.Index(condition=models.Q(("told", False)), fields=["item"], name="appeals_to_tell")),
    ]
