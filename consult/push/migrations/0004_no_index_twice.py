from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('push', '0003_notices_unconstrained'),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='device',
            name='devices_of_person',
        ),
    ]
