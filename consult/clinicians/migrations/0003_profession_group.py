"""Professions without specialties belong to a group of their own; names and places are found whatever their accents."""

import django.db.models.deletion
from django.contrib.postgres.operations import TrigramExtension, UnaccentExtension
from django.db import migrations, models

# unaccent() is only STABLE because a dictionary may be edited; ours is not, and an index needs IMMUTABLE.
PLAIN = """
CREATE FUNCTION plain(words text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    AS $$ SELECT lower(public.unaccent('public.unaccent'::regdictionary, words)) $$;
CREATE INDEX people_words ON clinicians_person
    USING gin (plain(given_name || ' ' || family_name || ' ' || place || ' ' || level) gin_trgm_ops);
CREATE INDEX people_names ON clinicians_person (plain(family_name), plain(given_name), id);
"""
BACK = "DROP INDEX people_names; DROP INDEX people_words; DROP FUNCTION plain(text);"


class Migration(migrations.Migration):
    dependencies = [("clinicians", "0002_account_changes")]
    operations = [
        UnaccentExtension(),
        TrigramExtension(),
        migrations.AddField(
            model_name="profession",
            name="group",
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="professions", to="clinicians.specialtygroup"),
        ),
        migrations.RunSQL(PLAIN, BACK),
    ]
