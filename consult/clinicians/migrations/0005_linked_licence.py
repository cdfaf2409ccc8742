"""The number of the register by which Pro Santé Connect signs a person in."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("clinicians", "0004_code_lists")]
    operations = [
        migrations.CreateModel(
            name="LinkedLicence",
            fields=[
                (
                    "person",
                    models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name="linked_licence", serialize=False, to=settings.AUTH_USER_MODEL),
                ),
                ("issuer", models.CharField(max_length=200)),
                ("rpps", models.CharField(max_length=11)),
                ("linked_at", models.DateTimeField(auto_now_add=True)),
                ("used_at", models.DateTimeField()),
            ],
            options={"constraints": [models.UniqueConstraint(fields=("issuer", "rpps"), name="one_account_a_licence")]},
        ),
    ]
