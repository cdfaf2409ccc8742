"""A case is found by its title too."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("rooms", "0002_access_changes")]
    operations = [
        migrations.RunSQL(
            "CREATE INDEX case_titles ON rooms_room USING gin (to_tsvector('consult_french', title)) WHERE kind = 'case'",
            "DROP INDEX case_titles",
        )
    ]
