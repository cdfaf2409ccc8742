"""A closed case takes no new answers: the post path reads it with the room's lock."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("rooms", "0003_case_titles")]
    operations = [
        migrations.AddField(model_name="room", name="closed", field=models.BooleanField(db_default=False, default=False)),
    ]
