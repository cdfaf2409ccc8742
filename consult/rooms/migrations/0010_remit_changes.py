"""Remits, visits and agreed readings are changes of rights; who has a remit is a moderator, and those who were one get theirs."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION remit_changed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE whose uuid;
BEGIN
    FOR whose IN SELECT DISTINCT x FROM unnest(ARRAY[CASE WHEN TG_OP <> 'INSERT' THEN OLD.person_id END, CASE WHEN TG_OP <> 'DELETE' THEN NEW.person_id END]) x WHERE x IS NOT NULL
    LOOP
        UPDATE standing_standing SET moderator = EXISTS (SELECT FROM rooms_remit r WHERE r.person_id = whose) WHERE person_id = whose;
        PERFORM access_change('remit', whose, NULL, '');
    END LOOP;
    RETURN NULL;
END $$;
CREATE TRIGGER access_change AFTER INSERT OR UPDATE OR DELETE ON rooms_remit FOR EACH ROW EXECUTE FUNCTION remit_changed();
CREATE FUNCTION visit_changed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE one record;
BEGIN
    one := CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
    PERFORM access_change('visit', one.person_id, one.room_id, '');
    RETURN NULL;
END $$;
CREATE TRIGGER access_change AFTER INSERT OR DELETE ON rooms_visit FOR EACH ROW EXECUTE FUNCTION visit_changed();
CREATE TRIGGER access_change_updated AFTER UPDATE ON rooms_visit FOR EACH ROW
    WHEN (OLD.ended IS DISTINCT FROM NEW.ended) EXECUTE FUNCTION visit_changed();
CREATE TRIGGER access_change AFTER INSERT OR UPDATE OR DELETE ON rooms_agreedreading FOR EACH ROW EXECUTE FUNCTION visit_changed();
INSERT INTO rooms_remit (person_id, since) SELECT s.person_id, now() FROM standing_standing s JOIN clinicians_person p ON p.id = s.person_id WHERE s.moderator;
"""
BACK = """
DROP TRIGGER access_change ON rooms_agreedreading;
DROP TRIGGER access_change ON rooms_visit; DROP TRIGGER access_change_updated ON rooms_visit; DROP FUNCTION visit_changed();
DROP TRIGGER access_change ON rooms_remit; DROP FUNCTION remit_changed();
"""


class Migration(migrations.Migration):
    dependencies = [("rooms", "0009_moderation"), ("standing", "0002_access_change_log"), ("clinicians", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACK)]
