"""The cases addressed to a group or a person, the latest first; in place of the indexes that named the room."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("rooms", "0005_audience_moved_at")]
    operations = [
        migrations.AddIndex("audience", models.Index(fields=["group", "-moved_at"], name="addressed_to_group")),
        migrations.AddIndex("audience", models.Index(fields=["person", "-moved_at"], name="addressed_to_person")),
        migrations.RemoveIndex("audience", "rooms_audie_group_i_2ea461_idx"),
        migrations.RemoveIndex("audience", "rooms_audie_person__7ac801_idx"),
    ]
