"""A changed password, a closed or deleted account is a change of rights."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION account_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN PERFORM access_change('account', OLD.id, NULL, ''); RETURN NULL; END $$;
CREATE TRIGGER access_change AFTER UPDATE OF password, is_active ON clinicians_person FOR EACH ROW
    WHEN (OLD.password IS DISTINCT FROM NEW.password OR OLD.is_active IS DISTINCT FROM NEW.is_active) EXECUTE FUNCTION account_changed();
CREATE TRIGGER access_change_deleted AFTER DELETE ON clinicians_person FOR EACH ROW EXECUTE FUNCTION account_changed();
"""
BACK = """
DROP TRIGGER access_change ON clinicians_person; DROP TRIGGER access_change_deleted ON clinicians_person; DROP FUNCTION account_changed();
"""


class Migration(migrations.Migration):
    dependencies = [("clinicians", "0001_initial"), ("standing", "0002_access_change_log")]
    operations = [migrations.RunSQL(FORWARD, BACK)]
