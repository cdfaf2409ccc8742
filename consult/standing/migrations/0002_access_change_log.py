"""Triggers write the access_change log, so that no path to a change of rights can forget it (decision 0005)."""

from django.db import migrations

FUNCTION = """
CREATE FUNCTION access_change(kind text, person uuid, room uuid, session text) RETURNS void LANGUAGE sql AS $$
    INSERT INTO standing_accesschange (xid, at, kind, person_id, room_id, session)
    VALUES (pg_current_xact_id()::text::bigint, clock_timestamp(), kind, person, room, session)
$$;
CREATE FUNCTION standing_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN PERFORM access_change('standing', NEW.person_id, NULL, ''); RETURN NULL; END $$;
CREATE TRIGGER access_change AFTER INSERT OR UPDATE ON standing_standing FOR EACH ROW EXECUTE FUNCTION standing_changed();
CREATE FUNCTION session_ended() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN PERFORM access_change('session', NULL, NULL, encode(sha256(OLD.session_key::bytea), 'hex')); RETURN NULL; END $$;
CREATE TRIGGER access_change AFTER DELETE ON django_session FOR EACH ROW EXECUTE FUNCTION session_ended();
"""
BACK = """
DROP TRIGGER access_change ON django_session; DROP FUNCTION session_ended();
DROP TRIGGER access_change ON standing_standing; DROP FUNCTION standing_changed();
DROP FUNCTION access_change(text, uuid, uuid, text);
"""


class Migration(migrations.Migration):
    dependencies = [("standing", "0001_initial"), ("sessions", "0001_initial")]
    operations = [migrations.RunSQL(FUNCTION, BACK)]
