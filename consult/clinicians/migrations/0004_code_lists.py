"""Loads professions, specialties and their groups."""

from django.db import migrations

from consult.clinicians import codes


def load(apps, schema_editor):
    model = lambda name: apps.get_model("clinicians", name)  # noqa: E731
    codes.load(group=model("SpecialtyGroup"), specialty=model("Specialty"), profession=model("Profession"))


class Migration(migrations.Migration):
    dependencies = [("clinicians", "0003_profession_group")]
    operations = [migrations.RunPython(load, migrations.RunPython.noop)]
