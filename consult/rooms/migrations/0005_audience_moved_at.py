"""When someone last wrote in a case, beside whom it is addressed to: the room list reads the recent cases of one's own groups by it."""

import django.db.models.functions.datetime
from django.db import migrations, models

# What the worker notes there is no change of rights.
TRIGGER = """
DROP TRIGGER access_change ON rooms_audience;
CREATE TRIGGER access_change AFTER INSERT OR DELETE OR UPDATE OF {columns} ON rooms_audience FOR EACH ROW EXECUTE FUNCTION audience_changed();
"""


class Migration(migrations.Migration):
    dependencies = [("rooms", "0004_room_closed")]
    operations = [
        migrations.AddField(model_name="audience", name="moved_at", field=models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
        migrations.RunSQL(TRIGGER.format(columns="room_id, group_id, person_id"), TRIGGER.format(columns="room_id, group_id, person_id")),
        migrations.RunSQL(
            "UPDATE rooms_audience a SET moved_at = coalesce(r.last_at, r.created_at) FROM rooms_room r WHERE r.id = a.room_id",
            migrations.RunSQL.noop,
        ),
    ]
