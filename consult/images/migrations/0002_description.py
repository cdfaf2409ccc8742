"""A line that says what a picture shows, for who cannot see it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("images", "0001_pictures")]

    operations = [
        migrations.AddField(
            model_name="image",
            name="description",
            field=models.CharField(blank=True, db_default="", default="", max_length=200),
        ),
    ]
