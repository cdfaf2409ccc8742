"""Notices of a room have levels; a follow-up says what is still to be done after its event, and for whom."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("rooms", "0007_hot_rooms")]
    operations = [
        migrations.AddField("room", "watched", models.BooleanField(db_default=False, default=False)),
        migrations.AddField(
            "membership", "notices", models.CharField(choices=[("all", "All"), ("mentions", "Mentions"), ("none", "None")], max_length=8, null=True)
        ),
        migrations.RunSQL("UPDATE rooms_membership SET notices = 'none' WHERE muted", migrations.RunSQL.noop),
        migrations.AddField("followup", "tally", models.BooleanField(db_default=True, default=True)),
        migrations.AddField("followup", "wake", models.BooleanField(db_default=False, default=False)),
        migrations.AddIndex("followup", models.Index(condition=models.Q(("tally", True)), fields=["id"], name="followups_to_tally")),
        migrations.AddIndex("followup", models.Index(condition=models.Q(("wake", True)), fields=["id"], name="followups_to_wake")),
    ]
