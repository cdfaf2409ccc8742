"""Membership, audience and deletion of a room are changes of rights."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION membership_changed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE one record;
BEGIN
    one := CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
    PERFORM access_change('membership', one.person_id, one.room_id, '');
    RETURN NULL;
END $$;
CREATE TRIGGER access_change AFTER INSERT OR DELETE ON rooms_membership FOR EACH ROW EXECUTE FUNCTION membership_changed();
CREATE TRIGGER access_change_updated AFTER UPDATE ON rooms_membership FOR EACH ROW
    WHEN ((OLD.ended, OLD.role, OLD.silenced_until, OLD.first_seq) IS DISTINCT FROM (NEW.ended, NEW.role, NEW.silenced_until, NEW.first_seq))
    EXECUTE FUNCTION membership_changed();
CREATE FUNCTION audience_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM access_change('audience', NULL, CASE WHEN TG_OP = 'DELETE' THEN OLD.room_id ELSE NEW.room_id END, '');
    RETURN NULL;
END $$;
CREATE TRIGGER access_change AFTER INSERT OR UPDATE OR DELETE ON rooms_audience FOR EACH ROW EXECUTE FUNCTION audience_changed();
CREATE FUNCTION room_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN PERFORM access_change('room', NULL, OLD.id, ''); RETURN NULL; END $$;
CREATE TRIGGER access_change AFTER DELETE ON rooms_room FOR EACH ROW EXECUTE FUNCTION room_deleted();
"""
BACK = """
DROP TRIGGER access_change ON rooms_room; DROP FUNCTION room_deleted();
DROP TRIGGER access_change ON rooms_audience; DROP FUNCTION audience_changed();
DROP TRIGGER access_change ON rooms_membership; DROP TRIGGER access_change_updated ON rooms_membership; DROP FUNCTION membership_changed();
"""


class Migration(migrations.Migration):
    dependencies = [("rooms", "0001_initial"), ("standing", "0002_access_change_log")]
    operations = [migrations.RunSQL(FORWARD, BACK)]
