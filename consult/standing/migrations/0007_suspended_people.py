from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('standing', '0006_register_index'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='standing',
            index=models.Index(condition=models.Q(('suspended_until__isnull', False)), fields=['suspended_until', 'person_id'], name='suspended_people'),
        ),
    ]
